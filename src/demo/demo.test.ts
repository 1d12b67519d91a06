import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { PodtrustError, systemClock } from "../core/base/index.ts";
import { parseJws } from "../rules/oidc/index.ts";
import { publicJwk, verifyJws } from "../rules/keys/index.ts";
import { clientExports } from "../sandbox/index.ts";
import { signedByForeignKey } from "./foreign-token.ts";
import { makeFolder, writePrivateFile } from "./files.ts";
import { jobEnvironment, runJob, type Workload } from "./job.ts";
import { connectionLines } from "./connections.ts";
import { LinkReporter } from "./link-reporter.ts";
import { type RotationInputs, showRotation } from "./rotation.ts";
import type { DemoEnvironment } from "./environment.ts";
import type { DemoEvent } from "./report.ts";

for (const [alg, key] of [
  ["RS256", generateKeyPairSync("rsa", { modulusLength: 2048 })],
  ["ES384", generateKeyPairSync("ec", { namedCurve: "P-384" })],
] as const) {
  test(`a foreign key signs the same words of an ${alg} token, and the issuer's key does not verify them`, async () => {
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const input = `${encode({ alg, kid: "k" })}.${encode({ sub: "x" })}`;
    const signature = sign(`sha${alg.slice(2)}`, Buffer.from(input), {
      key: key.privateKey,
      dsaEncoding: "ieee-p1363",
    });
    const good = `${input}.${signature.toString("base64url")}`;
    const forged = await signedByForeignKey(good);
    const jwk = publicJwk(key.publicKey, "k");
    assert.equal(verifyJws(parseJws(good), jwk), true);
    assert.equal(verifyJws(parseJws(forged), jwk), false);
    assert.equal(parseJws(forged).signingInput, input);
  });
}

test("the job's environment is what a pod is given for its role, AWS's address, and nothing of ours", () => {
  const workload = {
    program: [],
    folder: "/f",
    endpoint: "http://127.0.0.1:1",
    region: "eu-central-1",
    roleArn: "arn:aws:iam::1:role/r",
    sessionName: "s",
    signal: new AbortController().signal,
  };
  const names = Object.keys(jobEnvironment(workload, "/home", "/home/token")).sort();
  assert.deepEqual(names, [
    "AWS_DEFAULT_REGION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "HOME",
  ]);
  assert.equal(jobEnvironment(workload, "/home", undefined)["AWS_WEB_IDENTITY_TOKEN_FILE"], undefined);
});

function rotationInputs(
  accepted: (token: string, kid: string) => boolean,
): RotationInputs & { order: string[] } {
  const order: string[] = [];
  let signing = "old";
  return {
    order,
    clock: systemClock,
    keys: {
      create: () => {
        order.push("create");
        return Promise.resolve({ kid: "new" });
      },
      promote: (kid) => {
        order.push(`promote ${kid}`);
        signing = kid;
      },
      drop: (kid) => void order.push(`drop ${kid}`),
      signing: () => signing,
    },
    published: () => {
      order.push("published");
      return Promise.resolve();
    },
    cacheMs: 50,
    mint: () => Promise.resolve(`token of ${signing}`),
    accepted: (token) => Promise.resolve(accepted(token, signing)),
    signal: new AbortController().signal,
  };
}

test("a rotation publishes first and signs after, and STS is asked with both keys' tokens at the two moments that count", async () => {
  const asked: string[] = [];
  const inputs = rotationInputs((token) => {
    asked.push(`${inputs.order.length} steps: ${token}`);
    return true;
  });
  const { tokensChecked, refused } = await showRotation(inputs, () => {});
  assert.deepEqual(inputs.order, ["create", "published", "promote new", "drop old", "published"]);
  for (const key of ["old", "new"]) {
    assert.ok(asked.includes(`3 steps: token of ${key}`), "as soon as the new key signs");
    assert.ok(asked.includes(`5 steps: token of ${key}`), "when no copy with the old key is left");
  }
  assert.deepEqual([tokensChecked, refused], [asked.length, 0]);
});

test("a valid token that is refused in a rotation ends the demo with how many they were", async () => {
  const inputs = rotationInputs((token, signing) => token !== "token of old" || signing === "old");
  await assert.rejects(
    showRotation(inputs, () => {}),
    (error: PodtrustError) => {
      assert.equal(error.code, "demo-link-broken");
      assert.match(error.message, /^[1-9]\d* of \d+ valid tokens were refused/u);
      return true;
    },
  );
});

test("a checker that cannot ask STS ends the demo, and not the process", async () => {
  const inputs: RotationInputs = {
    ...rotationInputs(() => true),
    accepted: () => Promise.reject(new Error("STS is gone")),
  };
  // While the rotation still waits for caches, the failure must not count as unhandled.
  await assert.rejects(
    showRotation({ ...inputs, cacheMs: 200 }, () => {}),
    /STS is gone/u,
  );
});

test("a link that breaks ends the demo at its place, whether in making it or in looking at it", async () => {
  const events: DemoEvent[] = [];
  const reporter = new LinkReporter((event) => events.push(event), new AbortController().signal);
  await reporter.link("cluster", () => Promise.resolve("is there"));
  const cause = new PodtrustError("cluster-forbidden", "may not", { next: "Ask for the right." });
  await assert.rejects(
    reporter.during("serviceaccount", () => Promise.reject(cause)),
    (error: PodtrustError) => {
      assert.deepEqual([error.code, error.next], ["demo-link-broken", "Ask for the right."]);
      assert.match(error.message, /broke at serviceaccount: may not/u);
      return true;
    },
  );
  assert.deepEqual(reporter.links, [
    { name: "cluster", ok: true, detail: "is there" },
    { name: "serviceaccount", ok: false, detail: "may not" },
  ]);
  assert.deepEqual(
    events.map((event) => event.kind),
    ["link", "link"],
  );
});

test("the lines for another shell are quoted for it, and name what is needed to reach the same cluster", () => {
  const environment = {
    connectTo: [{ host: "a.example", port: 443, address: "127.0.0.1", toPort: 8443 }],
    sandbox: { url: "http://127.0.0.1:4580", account: "111122223333" },
    adminCredentials: "/tmp/x/admin.ini",
    rootFile: "/tmp/x/root.pem",
    issuer: { discoveryUrl: "https://a.example/d" },
    kubeconfig: "/home/o'neill/my config",
    context: "prod",
  } as unknown as DemoEnvironment;
  const text = connectionLines(environment, "/tmp/x/podtrust.yaml").join("\n");
  assert.match(text, /kubectl --kubeconfig '\/home\/o'\\''neill\/my config' --context prod /u);
  assert.match(
    text,
    /curl --connect-to a\.example:443:127\.0\.0\.1:8443 --cacert \/tmp\/x\/root\.pem https/u,
  );
  assert.match(
    text,
    /podtrust status -f \/tmp\/x\/podtrust\.yaml --connect-to a\.example:443:127\.0\.0\.1:8443 --ca /u,
  );
  assert.match(
    text,
    /podtrust token \S+ -f \/tmp\/x\/podtrust\.yaml --raw \| podtrust explain --token - --role arn:aws:iam::111122223333:role\/k3s-demo-app --connect-to /u,
  );
  for (const line of clientExports({
    url: "http://127.0.0.1:4580",
    region: "eu-central-1",
    credentials: "/tmp/x/admin.ini",
  })) {
    assert.ok(text.split("\n").includes(`  ${line}`), line);
  }
});

test("a folder that cannot be made or a file that cannot be written is named", async () => {
  const unwritable = { code: "file-unwritable", message: /no-such-folder.*ENOENT/u };
  await assert.rejects(makeFolder("/no-such-folder", "demo-"), unwritable);
  await assert.rejects(writePrivateFile("/no-such-folder", "token", "secret"), (error: PodtrustError) => {
    assert.doesNotMatch(JSON.stringify(error), /secret/u);
    return unwritable.message.test(error.message) && error.code === unwritable.code;
  });
});

test("a job that says nothing or nonsense is an error with its last words", async () => {
  const folder = await makeFolder(tmpdir(), "podtrust-job-");
  const workload = (script: string): Workload => ({
    program: [process.execPath, "-e", script, "--"],
    folder,
    endpoint: "http://127.0.0.1:1",
    region: "r",
    roleArn: "a",
    sessionName: "s",
    signal: new AbortController().signal,
  });
  try {
    await assert.rejects(
      runJob(workload("console.error('no such thing'); process.exit(7)"), { token: "t" }),
      {
        code: "demo-job-failed",
        message: /ended with 7 and said nothing\. no such thing/u,
      },
    );
    await assert.rejects(runJob(workload("process.kill(process.pid, 'SIGKILL')"), { token: "t" }), {
      message: /ended with SIGKILL/u,
    });
    await assert.rejects(
      runJob(workload("console.log('hello')"), { token: "t" }),
      /demo job did not answer/u,
    );
    assert.deepEqual(await readdir(folder), [], "no token is left lying about");
  } finally {
    await rm(folder, { recursive: true });
  }
});
