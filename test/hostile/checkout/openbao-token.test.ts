/** A checkout whose podtrust.yaml names a server of its writer's, in the shell of somebody who works with OpenBao elsewhere. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { podtrustHere } from "../../support/cli.ts";
import { typed } from "../../support/stack-world.ts";
import { SwiftClock } from "../../support/swift-clock.ts";
import { type HostileListener, hostileListener } from "./listener.ts";

const token = "hvs.ROOT-of-the-person";
const elsewhere = "https://bao.corp.example:8200";

const commands: readonly (readonly string[])[] = [
  ["plan"],
  ["plan", "--check"],
  ["status"],
  ["doctor", "-f", "podtrust.yaml"],
  ["map", "--json"],
  ["up", "--yes"],
  ["down", "--yes"],
];

const shells: readonly (readonly [what: string, env: Readonly<Record<string, string>>])[] = [
  ["BAO_ADDR", { BAO_TOKEN: token, BAO_ADDR: elsewhere }],
  ["VAULT_ADDR", { VAULT_TOKEN: token, VAULT_ADDR: elsewhere }],
  ["neither", { VAULT_TOKEN: token }],
];

describe("the OpenBao token of a person who runs a foreign checkout's config", () => {
  let folder = "";
  let listener: HostileListener;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-checkout-"));
    listener = await hostileListener();
    const config = `stack: prod
issuer: https://oidc.example.com
openbao:
  - address: ${listener.address}
    mount: podtrust
    roles:
      - {name: web, serviceAccounts: [shop/web], policies: [web]}
`;
    await writeFile(join(folder, "podtrust.yaml"), config);
  });
  beforeEach(() => void listener.heard.splice(0));
  after(async () => {
    await listener.close();
    await rm(folder, { recursive: true });
  });

  const run = (args: readonly string[], env: Readonly<Record<string, string>>) => {
    const routed = [...args, "--connect-to", "oidc.example.com:443:127.0.0.1:1"];
    return podtrustHere(routed, { cwd: folder, clock: new SwiftClock(), env: { HOME: folder, ...env } });
  };

  const heard = (): string => listener.heard.splice(0).join("\n");

  for (const args of commands)
    for (const [what, env] of shells)
      test(`does not reach its server by ${args.join(" ")}, where the shell names it by ${what}`, async () => {
        const { out, err } = await run(args, env);
        assert.match((out + err).replaceAll(/\s+/gu, " "), /_TOKEN was not sent to http:/u);
        assert.deepEqual(listener.heard, [], "nothing was sent at all");
        assert.ok(!(out + err).includes(token), "nor shown");
      });

  test("is said to be another server's, with the variable that would send it", async () => {
    const { code, err } = await run(["plan"], { BAO_TOKEN: token, BAO_ADDR: elsewhere });
    assert.equal(code, 1);
    assert.match(
      err,
      /BAO_TOKEN was not sent to http:\S+, for which the public roots vouch: .*BAO_ADDR names another/u,
    );
    assert.match(err, /code: {2}credential-elsewhere/u);
    assert.ok(err.includes(`BAO_ADDR=${listener.address}`), err);
  });

  test("reaches it after a yes on a terminal, which is remembered for that address alone", async () => {
    const env = {
      HOME: folder,
      XDG_STATE_HOME: join(folder, "state"),
      BAO_TOKEN: token,
      BAO_ADDR: elsewhere,
    };
    const clock = new SwiftClock();
    const answered = async (answer: string): Promise<string> => {
      const screen = typed(answer);
      await podtrustHere(["plan"], { cwd: folder, clock, env, ...screen });
      return screen.said.err.replaceAll(/\s+/gu, " ");
    };
    assert.match(
      await answered("n\n"),
      /BAO_TOKEN, the token for OpenBao, would leave: .*It would go to: http:.*Send it there, now and from now on\?/u,
    );
    assert.deepEqual(listener.heard, []);
    await answered("y\n");
    assert.ok(heard().includes(token));
    await podtrustHere(["plan"], { cwd: folder, clock, env });
    assert.ok(heard().includes(token), "without a terminal");
    const config = join(folder, "podtrust.yaml");
    const written = await readFile(config, "utf8");
    await writeFile(
      config,
      written.replace(listener.address, listener.address.replace("127.0.0.1", "localhost")),
    );
    await podtrustHere(["plan"], { cwd: folder, clock, env });
    await writeFile(config, written);
    assert.deepEqual(listener.heard, []);
  });

  test("reaches it where BAO_ADDR names it, as bao itself would send it", async () => {
    await run(["plan"], { BAO_TOKEN: token, BAO_ADDR: listener.address });
    assert.ok(listener.heard.some((request) => request.includes(token)));
  });
});
