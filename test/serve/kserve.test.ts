/** KServe's own client for the protocol, `InferenceRESTClient` of its Python package, against the server. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { python } from "../judges/judges.js";
import { kserveModules, withoutKserve } from "../judges/kserve.js";
import { aChild, largestDifference, probeOf, run, serving } from "./served-child.js";

const program = `
${kserveModules}
import asyncio, json, httpx, numpy, onnxruntime
from kserve.inference_client import InferenceRESTClient, RESTConfig
from kserve.protocol.infer_type import InferInput, InferRequest, RequestedOutput
from kserve.protocol.rest.v2_datamodels import InferenceResponse, ModelMetadataResponse, ServerMetadataResponse
url, model, file, shape, token = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4]), sys.argv[5]
values = numpy.fromfile(file, numpy.float32).reshape(shape)
headers = {"Authorization": "Bearer " + token}

def request(binary, outputs=None, **more):
    tensor = InferInput("pixel_values", list(shape), "FP32")
    tensor.set_data_from_numpy(values, binary_data=binary)
    return InferRequest("child", [tensor], request_outputs=outputs, **more)

async def refused(call):
    try:
        await call
    except httpx.HTTPStatusError as error:
        return [error.response.status_code, str(error)]

async def main():
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        infer = lambda data, model="child": client.infer(url, data, model_name=model, headers=dict(headers))
        found = {"live": await client.is_server_live(url), "ready": await client.is_server_ready(url)}
        found["model"] = await client.is_model_ready(url, "child", headers=headers)
        found["unknown"] = await client.is_model_ready(url, "other", headers=headers)
        # The client has no call for metadata: by its HTTP library, in KServe's own types.
        get = lambda path: httpx.get(url + path, headers=headers).raise_for_status().json()
        found["server"] = ServerMetadataResponse(**get("/v2")).model_dump()
        found["metadata"] = ModelMetadataResponse(**get("/v2/models/child")).model_dump()
        answers = [await infer(request(True)), await infer(request(False, request_id="7"))]
        answers.append(await infer(request(True, [RequestedOutput("logits", {"binary_data": True})])))
        answers.append(await infer(request(False, [RequestedOutput("logits")])))
        answers.append(await infer(request(True, parameters={"binary_data_output": True})))
        # A plain dictionary, as KServe's documentation writes requests: nested lists.
        tensor = {"name": "pixel_values", "shape": shape, "datatype": "FP32", "data": values.tolist()}
        answers.append(await infer({"inputs": [tensor]}))
        found["id"] = answers[1].id
        answers += await asyncio.gather(*[infer(request(i % 2 == 0)) for i in range(20)])
        found["logits"] = [one.outputs[0].as_numpy().ravel().tolist() for one in answers]
        found["shape"] = list(answers[0].outputs[0].as_numpy().shape)
        found["names"] = [answers[0].model_name, answers[0].outputs[0].name]
        found["token"] = await refused(client.infer(url, request(True), model_name="child"))
        found["no model"] = await refused(infer(request(True), "other"))
        wrong = InferInput("pixels", [1], "FP32", [0.0])
        found["input"] = await refused(infer(InferRequest("child", [wrong])))
        return found

found = asyncio.run(main())
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
found["onnxruntime"] = session.run(["logits"], {"pixel_values": values})[0].ravel().tolist()
print(json.dumps(found))
`;

test.skipIf(withoutKserve)(
  `KServe's client finds server and model ready, and gets onnxruntime's logits as bytes and as JSON, one and many at once${withoutKserve}`,
  async () => {
    const child = await aChild();
    const { values, shape, logits, tolerance, certificate } = await probeOf(child);
    const [file, tokenFile] = [join(child, "../values.f32"), join(child, "../token")];
    const token = "a-token-for-this-test-alone";
    await writeFile(file, values);
    await writeFile(tokenFile, token);
    const { url } = await serving([child], { tokenFile });
    const { stdout } = await run(python, ["-c", program, url, child, file, JSON.stringify(shape), token]);
    const found = JSON.parse(stdout) as Record<string, unknown> & { logits: number[][]; onnxruntime: number[] };
    const classes = certificate.labels.length;
    expect(found).toMatchObject({
      ...{ live: true, ready: true, model: true, unknown: false, id: "7", shape: [shape[0], classes] },
      names: ["child", "logits"],
      server: { name: "nestling", extensions: ["binary_tensor_data"] },
      metadata: {
        ...{ name: "child", versions: ["1"], platform: "onnxruntime_onnx" },
        inputs: [{ name: "pixel_values", datatype: "FP32", shape: [-1, ...shape.slice(1)] }],
        outputs: [{ name: "logits", datatype: "FP32", shape: [-1, classes] }],
      },
      token: [401, expect.stringContaining("Bearer")],
      "no model": [404, expect.stringContaining('no model "other"')],
      input: [400, expect.stringContaining('the input is "pixels"')],
    });
    expect(found.logits.length).toBe(26);
    for (const row of found.logits) {
      expect(largestDifference(row, found.onnxruntime)).toBeLessThan(tolerance);
      expect(largestDifference(row, logits)).toBeLessThan(tolerance);
    }
  },
);
