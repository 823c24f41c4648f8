/**
 * onnxruntime 1.30 keeps a database of its use under ~/.cache/Microsoft and sends it to its maker, on Linux too, unless this variable
 * stands before its library is loaded. nestling sends nothing: imported before onnxruntime-node.
 */
process.env["ORT_DISABLE_TELEMETRY"] = "1";
