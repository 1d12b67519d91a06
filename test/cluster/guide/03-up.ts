import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { openAws, putParameter } from "../../../src/providers/aws/index.ts";
import { accountOf, LiveTokens } from "../story/aws-account.ts";
import { start } from "../story/podtrust.ts";
import { accountId, type Guide, parameter, region, roleName } from "./world.ts";

/** Starts `podtrust sandbox`, which is AWS here; new roles take two seconds to spread, as IAM's do. */
async function startAws(guide: Guide): Promise<void> {
  const credentials = guide.file("admin.ini");
  const rule = `${guide.host}:443:127.0.0.1:${guide.ports.https}`;
  const route = ["--connect-to", rule, "--ca", guide.file("pebble-root.pem")];
  const options = ["--port", "0", "--propagation", "2s", "--admin-credentials", credentials];
  const { child, said } = start(["sandbox", ...options, ...route]);
  const closed = once(child, "close");
  guide.closing.defer(async () => {
    child.kill("SIGTERM");
    await closed;
  });
  await guide.until("the sandbox's address", async () => {
    if (child.exitCode !== null) throw new Error(`podtrust sandbox ended: ${said.out}${said.err}`);
    return /AWS_ENDPOINT_URL=\S+\n/u.test(said.out);
  });
  const url = /AWS_ENDPOINT_URL=(\S+)/u.exec(said.out)?.[1] ?? "";
  guide.set("sandboxUrl", url);
  guide.set("podSandboxUrl", `http://${await guide.the("cluster").node.reach(Number(new URL(url).port))}`);
  guide.set("credentials", credentials);
}

function adminOf(file: string): { readonly accessKeyId: string; readonly secretAccessKey: string } {
  const text = readFileSync(file, "utf8");
  const [, accessKeyId = ""] = /^aws_access_key_id\s*=\s*(\S+)/mu.exec(text) ?? [];
  const [, secretAccessKey = ""] = /^aws_secret_access_key\s*=\s*(\S+)/mu.exec(text) ?? [];
  return { accessKeyId, secretAccessKey };
}

/** Steps 5 and 6: AWS trusts the issuer, and a role the one ServiceAccount; a second `up` finds nothing to do. */
export async function step(guide: Guide): Promise<void> {
  await startAws(guide);
  const session = openAws({
    region,
    endpoint: guide.the("sandboxUrl"),
    credentials: adminOf(guide.the("credentials")),
  });
  guide.closing.defer(() => session.close());
  const account = accountOf(session, `arn:aws:iam::${accountId}:role/${roleName}`);
  guide.set("account", account);
  guide.set("live", new LiveTokens(account));
  await putParameter(session, { name: parameter, value: "hello" });
  await guide.podtrust(["plan", "--check", ...guide.route], 3);
  const { out } = await guide.podtrust(["up", "--yes", ...guide.route]);
  assert.match(out, /Done: 2 of 2\./u);
  await guide.podtrust(["plan", "--check", ...guide.route]);
  // `up` ends only when a real token is let in.
  assert.ok("arn" in (await account.ask(await guide.mint())));
}
