/** onnx-proto under one name: its module is CommonJS, and this is the only file that knows. */
import proto from "onnx-proto";

export import onnx = proto.onnx;
