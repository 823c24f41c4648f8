/**
 * onnxruntime 1.30 keeps a database of its use under ~/.cache/Microsoft and sends it to its maker, on Linux too, unless this variable
 * is set before its library is loaded. nestling sends nothing, so it imports this file before onnxruntime-node.
 */
process.env["ORT_DISABLE_TELEMETRY"] = "1";
