import assert from "node:assert/strict";
import { test } from "node:test";
import { callerIdentity } from "./identity.ts";
import { openAws } from "./session.ts";

test("a call that is ended from here is reported as interrupted, and not as refused by AWS", async () => {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "example" };
  const session = openAws({ region: "eu-central-1", endpoint: "http://127.0.0.1:9", credentials });
  await assert.rejects(callerIdentity(session, AbortSignal.abort()), { code: "interrupted" });
  session.close();
});
