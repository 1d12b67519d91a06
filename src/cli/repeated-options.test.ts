import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { podtrustHere, podtrustHost } from "../../test/support/cli.ts";
import { podtrust } from "./commands.ts";
import { createContext, createProgram, type Switches } from "../core/command-line/index.ts";

/** How hints are said after a command line was parsed. */
async function hintsAfter(...args: readonly string[]): Promise<(hint: string) => string> {
  const switches: Switches = { json: false, verbose: false };
  const context = createContext(podtrustHost(), switches);
  const program = await createProgram(context, switches, podtrust, args);
  for (const command of [...program.commands, ...program.commands.flatMap((one) => one.commands)])
    if (command.commands.length === 0) command.action(() => {});
  await program.parseAsync(args, { from: "user" });
  return (hint) => context.hint(hint);
}

test("a command that a hint names repeats the -f, --connect-to and --ca that were given", async () => {
  const hint = await hintsAfter(
    "status",
    "-f",
    "eu.yaml",
    "--connect-to",
    "a.example:443:127.0.0.1:8443",
    "--ca",
    "my root.pem",
  );
  const route = "--connect-to a.example:443:127.0.0.1:8443 --ca 'my root.pem'";
  assert.equal(
    hint("Run podtrust up, then podtrust apply demo."),
    `Run \`podtrust up -f eu.yaml ${route}\`, then \`podtrust apply demo -f eu.yaml ${route}\`.`,
  );
  assert.equal(
    hint("podtrust token a/b --raw | podtrust explain --token -"),
    `podtrust token -f eu.yaml a/b --raw | podtrust explain ${route} --token -`,
    "each repeats what it takes itself",
  );
  assert.equal(hint("See podtrust completion bash."), "See podtrust completion bash.");
});

test("a hint stays as it is where nothing was given", async () => {
  const hint = await hintsAfter("status");
  assert.equal(hint("Run podtrust up."), "Run podtrust up.");
});

test("serve, which loads no other command's words until it fails, then repeats -f in its next step", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-hint-"));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "state"), { mode: 0o700 });
  await writeFile(join(folder, "state/restoring.json"), "{}\n", { mode: 0o600 });
  const publisher = {
    source: { kubeconfig: "none" },
    stateDir: "state",
    insecurePlainHttpBehindProxy: { listen: ["127.0.0.1:0"] },
  };
  const config = { stack: "eu", issuer: "https://oidc.example.com", publisher };
  await writeFile(join(folder, "eu.yaml"), JSON.stringify(config));
  const { code, err } = await podtrustHere(["serve", "-f", "eu.yaml"], { cwd: folder });
  assert.equal(code, 1, err);
  assert.match(err, /^code: {2}restore-unfinished$/mu);
  assert.match(err, /podtrust restore -f eu\.yaml/u);
});
