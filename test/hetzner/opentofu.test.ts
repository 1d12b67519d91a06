import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseConfig } from "../../src/config/index.ts";
import { openTofuText } from "../../src/stack/index.ts";

const yaml = `stack: prod
identity: 3f2a91bc
issuer: https://oidc.example.com
machine: {hetzner: {type: cax11, location: nbg1}}
`;

/** The text of one resource. */
async function exported(type: string): Promise<string> {
  const text = await openTofuText(await parseConfig(yaml, "/podtrust.yaml", {}), { imports: true });
  const start = text.indexOf(`\nresource "${type}"`);
  assert.ok(start >= 0, `no ${type}`);
  return text.slice(start, text.indexOf("\n}\n", start));
}

describe("a machine in OpenTofu", () => {
  test("keeps what an import does not bring into the state, since Hetzner's provider makes anew what is not there", async () => {
    const [, ignored = ""] = /ignore_changes = \[([^\]]*)\]/u.exec(await exported("hcloud_server")) ?? [];
    const names = ignored.split(",").map((one) => one.trim());
    // `public_net` is never read: set again, it takes the addresses off and deletes them. `ssh_keys`, `user_data` and
    // an `image` that is gone would have the server made anew.
    for (const name of ["public_net", "ssh_keys", "user_data", "image"])
      assert.ok(names.includes(name), name);
  });

  test("keeps what podtrust says nothing of, where somebody has set it by hand", async () => {
    const text = await exported("hcloud_server");
    for (const name of ["backups", "placement_group_id"]) {
      assert.match(text, new RegExp(String.raw`ignore_changes = \[[^\]]*\b${name}\b`, "u"));
    }
  });

  test("has its login key made anew by no change of the key's comment", async () => {
    assert.match(await exported("hcloud_ssh_key"), /ignore_changes = \[[^\]]*\bpublic_key\b/u);
  });

  test("names no kind of assignee for an address, which a free one does not have", async () => {
    assert.doesNotMatch(await exported("hcloud_primary_ip"), /assignee/u);
  });
});
