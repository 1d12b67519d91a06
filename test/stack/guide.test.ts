import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { stackWorld, typed } from "../support/stack-world.ts";

const guide = await readFile(join(import.meta.dirname, "../../docs/guides/aws.md"), "utf8");
const blocks = [...guide.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gmu)].map(([, language = "", text = ""]) => ({
  language,
  text,
}));

test("every command of the guide works, in its order, on a terminal where somebody says yes", async (t) => {
  const world = await stackWorld(t);
  const config = blocks.find(({ language }) => language === "yaml")?.text ?? "";
  assert.match(config, /^issuer: https:\/\/oidc\.example\.com$/mu);
  await world.config(config.replace("https://oidc.example.com", world.issuer.issuer));
  await writeFile(join(world.folder, "private-root.pem"), world.root);
  const commands = blocks
    .filter(({ language }) => language === "")
    .flatMap(({ text }) => text.trim().split("\n"));
  assert.ok(commands.length >= 10, `${commands.length} commands`);
  for (const command of commands) {
    const [name = "", ...args] = command.replace(/ > \S+$/u, "").split(" ");
    assert.equal(name, "podtrust", command);
    const screen = typed("y\n");
    const { code } = await world.podtrust(args, screen);
    assert.equal(code, 0, `${command}\n${screen.said.out}${screen.said.err}`);
  }
  const { code } = await world.podtrust(["plan", "--check"]);
  assert.equal(code, 0, "the last command of the guide is an up");
});
