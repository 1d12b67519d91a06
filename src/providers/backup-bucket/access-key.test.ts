import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { accessKeyIds, readAccessKey } from "./index.ts";

const id = "AKIAIOSFODNN7EXAMPLE";
const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

async function read(t: TestContext, text: string, mode = 0o600): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-access-key-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "backup-credentials");
  await writeFile(file, text);
  await chmod(file, mode);
  return readAccessKey(file);
}

describe("the file with the access key for backups", () => {
  test("has the form of AWS's credentials file, with one profile of any name", async (t) => {
    const key = { accessKeyId: id, secretAccessKey: secret };
    for (const text of [
      `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`,
      `# of the user backup\r\n[profile backup]\r\nAWS_ACCESS_KEY_ID=${id}\r\nregion = eu-central-1\r\naws_secret_access_key=${secret}`,
    ])
      assert.deepEqual(await read(t, text), key);
  });

  const full = `[a]\naws_access_key_id=${id}\naws_secret_access_key=${secret}\n`;
  for (const [what, text, why] of [
    ["nothing", "", /exactly one profile/u],
    ["two profiles", `${full}[b]\n`, /exactly one profile/u],
    ["temporary credentials", `${full}aws_session_token=FwoGZXIvYXdz\n`, /are temporary, and end/u],
    ["no ID", `[a]\naws_secret_access_key=${secret}\n`, /aws_access_key_id is missing/u],
    [
      "no secret",
      `[a]\naws_access_key_id=${id}\n# aws_secret_access_key=${secret}\n`,
      /aws_secret_access_key is/u,
    ],
    [
      "a header in an ID",
      `[a]\naws_access_key_id=${id} x: y\naws_secret_access_key=${secret}`,
      /no access key's ID/u,
    ],
  ] as const) {
    test(`with ${what} is refused by name, and its secret is in no message`, async (t) => {
      await assert.rejects(read(t, text), (error: Error) => {
        assert.match(error.message, why);
        assert.doesNotMatch(error.message, new RegExp(secret, "u"));
        return true;
      });
    });
  }

  test("that others may read or write is refused with what to do, as a signer's key is", async (t) => {
    for (const mode of [0o604, 0o640, 0o660, 0o602])
      await assert.rejects(
        read(t, full, mode),
        { code: "state-permissions", next: /chmod/u },
        mode.toString(8),
      );
    assert.deepEqual(await read(t, full, 0o400), { accessKeyId: id, secretAccessKey: secret });
  });

  test("of a person gives the IDs of the profiles that are asked for, and of no other", () => {
    const text = `[default]\naws_access_key_id = A\n[work]\naws_access_key_id=B\n[backup]\naws_access_key_id=C\n`;
    assert.deepEqual(accessKeyIds(text, ["default", "work", "gone"]), ["A", "B"]);
  });
});
