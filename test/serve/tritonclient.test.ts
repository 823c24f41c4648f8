/** NVIDIA's own client for the protocol, `tritonclient[http]`, against the server: as bytes, as it does by default, and as JSON. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { missing, python } from "../judges/judges.js";
import { aChild, largestDifference, probeOf, run, serving } from "./served-child.js";

const program = `
import json, sys, numpy
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException
address, file, shape, token = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
headers = {"Authorization": "Bearer " + token}
values = numpy.fromfile(file, numpy.float32).reshape(shape)
client = triton.InferenceServerClient(address, concurrency=8)
found = {"live": client.is_server_live(), "ready": client.is_server_ready()}
found["model"] = client.is_model_ready("child", headers=headers)
found["server"] = client.get_server_metadata(headers=headers)
found["metadata"] = client.get_model_metadata("child", "1", headers=headers)
def ask(binary, outputs=None, call=client.infer, **more):
    tensor = triton.InferInput("pixel_values", list(values.shape), "FP32")
    tensor.set_data_from_numpy(values, binary_data=binary)
    return call("child", [tensor], outputs=outputs, headers=dict(headers), **more)
logits = [ask(True), ask(False), ask(True, [triton.InferRequestedOutput("logits", binary_data=False)]), ask(True, [triton.InferRequestedOutput("logits")], request_id="7")]
found["id"] = logits[3].get_response()["id"]
waiting = [ask(True, call=client.async_infer) for _ in range(20)]
logits += [one.get_result() for one in waiting]
found["logits"] = [one.as_numpy("logits").ravel().tolist() for one in logits]
found["shape"] = list(logits[0].as_numpy("logits").shape)
def refused(call):
    try:
        call()
    except InferenceServerException as error:
        return [error.status(), error.message()]
found["gzip"] = refused(lambda: ask(True, request_compression_algorithm="gzip"))
found["token"] = refused(lambda: client.get_server_metadata())
found["unknown"] = refused(lambda: client.get_model_metadata("other", headers=headers))
print(json.dumps(found))
`;

test.skipIf(missing)(
  `tritonclient gets the certificate's logits, as bytes and as JSON, one and many at once${missing}`,
  async () => {
    const child = await aChild();
    const { values, shape, logits, tolerance, certificate } = await probeOf(child);
    const [file, tokenFile] = [join(child, "../values.f32"), join(child, "../token")];
    await writeFile(file, values);
    await writeFile(tokenFile, "a-token-for-this-test-alone");
    const { url } = await serving([child], { tokenFile });
    const args = [url.replace("http://", ""), file, JSON.stringify(shape), "a-token-for-this-test-alone"];
    const { stdout } = await run(python, ["-c", program, ...args]);
    const found = JSON.parse(stdout) as Record<string, unknown> & { logits: number[][] };
    expect(found).toMatchObject({
      ...{ live: true, ready: true, model: true, id: "7", shape: [shape[0], certificate.labels.length] },
      server: { name: "nestling" },
      metadata: { name: "child", inputs: [{ name: "pixel_values", datatype: "FP32" }] },
      gzip: ["415", expect.stringContaining("compressed")],
      token: ["401", expect.stringContaining("Bearer")],
      unknown: ["404", expect.stringContaining('no model "other"')],
    });
    expect(found.logits.length).toBe(24);
    for (const row of found.logits) expect(largestDifference(row, logits)).toBeLessThan(tolerance);
  },
);
