import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { env, withRole } from "../../test/support/config-text.ts";
import { loadConfig } from "./index.ts";

describe("files", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-config-"));
  });
  after(() => rm(folder, { recursive: true }));

  test("are loaded with the inline policies that they name", async () => {
    const file = join(folder, "podtrust.yaml");
    await writeFile(
      join(folder, "deny.json"),
      '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ssm:*","Resource":"*"}}',
    );
    await writeFile(file, withRole("serviceAccounts: [a/b], inline: {deny: {file: deny.json}}"));
    const config = await loadConfig(file, env);
    assert.match(config.aws[0]?.roles[0]?.inline["deny"] ?? "", /^\{"Version"/u);
  });

  test("that cannot be read are reported with the reason", async () => {
    const bad = async (name: string): Promise<void> => {
      await assert.rejects(loadConfig(join(folder, name), env), { code: "config-unreadable" });
    };
    await bad("absent.yaml");
    await mkdir(join(folder, "folder"));
    await bad("folder");
    await writeFile(join(folder, "large.yaml"), "#".repeat(300_000));
    await bad("large.yaml");
    await writeFile(join(folder, "latin1.yaml"), Buffer.from([0x73, 0xe9]));
    await bad("latin1.yaml");
    await writeFile(join(folder, "big.json"), " ".repeat(70_000));
    await writeFile(
      join(folder, "p.yaml"),
      withRole("serviceAccounts: [a/b], inline: {p: {file: big.json}}"),
    );
    await assert.rejects(loadConfig(join(folder, "p.yaml"), env), /longer than/u);
  });
});
