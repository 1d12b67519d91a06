/** The sandbox's image in Docker's own engine, started by testcontainers: what a test in another language does with it. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { type DockerEngine, startDockerEngine, whyNoDocker } from "../support/docker-engine.ts";
import { npmPackage } from "../support/npm-package.ts";
import { podtrustImage, sandboxImage, writePodtrustImages } from "../support/podtrust-images.ts";
import { cleanAwsEnvironment } from "../support/python-venv.ts";
import { maxWait, until } from "../support/until.ts";

const testcontainers = npmPackage("testcontainers", "12.2.0");
const skip = whyNoDocker() ?? (await testcontainers.missing()) ?? false;
if (skip !== false && process.env["CI"] === "true") throw new Error(skip);

const root = join(import.meta.dirname, "../..");

/** The page's program, and the image's name in it. */
async function programOfPage(): Promise<readonly [program: string, image: string]> {
  const page = await readFile(join(root, "docs/how-to/sandbox/container.md"), "utf8");
  const program = /```js\n([\s\S]+?)```/u.exec(page)?.[1] ?? assert.fail("the page shows no program");
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
  return [program, `podtrust-sandbox:${version}`];
}

describe("the sandbox's image", { skip }, () => {
  let folder: string;
  let engine: DockerEngine;

  /** Runs a program that starts containers by testcontainers, and holds it to its end. */
  async function run(script: string): Promise<string> {
    const file = await testcontainers.write(script);
    const env = cleanAwsEnvironment({
      HOME: folder,
      DOCKER_HOST: engine.host,
      // It would remove what a killed test leaves, and is an image of its own, which cannot be had here.
      TESTCONTAINERS_RYUK_DISABLED: "true",
    });
    const { code, out, err } = await engine.inside([process.execPath, file], env);
    assert.equal(code, 0, out + err);
    return out;
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-containers-"));
    engine = await startDockerEngine(folder);
    await engine.docker("load", "-i", writePodtrustImages(folder).file);
  });
  after(async () => {
    await engine?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("the page's program exchanges tokens at a container's mapped port, with AWS's SDK outside of it", async () => {
    const [program, image] = await programOfPage();
    assert.ok(program.includes(JSON.stringify(image)), `the page's image is ${image}`);
    await engine.docker("tag", sandboxImage, image);
    assert.match(await run(program), /pass 1\b/u);
  });

  test("a container is healthy, says that it is ready and answers on its port; its control API wants the token that its log hides", async () => {
    const said = await run(`
      import { GenericContainer, Wait } from "testcontainers";
      import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
      const controlToken = "0123456789abcdef".repeat(4);
      let log = "";
      const container = await new GenericContainer(${JSON.stringify(sandboxImage)})
        .withCommand(["--account", "444455556666", "--log"])
        .withEnvironment({ PODTRUST_CONTROL_TOKEN: controlToken })
        .withExposedPorts(4580)
        .withStartupTimeout(${maxWait})
        .withLogConsumer((stream) => stream.on("data", (text) => (log += text)))
        .withWaitStrategy(Wait.forAll([
          Wait.forHealthCheck(),
          Wait.forLogMessage(/^Ready\\./),
          Wait.forHttp("/_podtrust/health", 4580),
        ]))
        .start();
      try {
        const url = \`http://\${container.getHost()}:\${container.getMappedPort(4580)}\`;
        const ask = (path, token) => fetch(url + path, { headers: { authorization: "Bearer " + token } });
        const admin = await (await ask("/_podtrust/admin", controlToken)).json();
        Object.assign(process.env, { AWS_ENDPOINT_URL: url, AWS_ENDPOINT_URL_STS: url });
        const sts = new STSClient({ region: "eu-central-1", credentials: admin });
        const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
        const guessed = (await ask("/_podtrust/admin", "fedcba9876543210".repeat(4))).status;
        const page = (await ask("/", "")).status;
        console.log(JSON.stringify({ Arn, guessed, page, hidden: !log.includes(controlToken), logged: log.includes(Arn) }));
      } finally {
        await container.stop();
      }
    `);
    assert.deepEqual(JSON.parse(said), {
      Arn: "arn:aws:iam::444455556666:user/podtrust-admin",
      guessed: 401,
      page: 200,
      hidden: true,
      logged: true,
    });
  });

  test("a health check of the image fails where nothing answers on its port, and docker stop ends it at once", async () => {
    await engine.docker("run", "--detach", "--name", "elsewhere", sandboxImage, "--port", "4581");
    const inspected = await engine.docker(
      "inspect",
      "--format",
      "{{json .Config.Healthcheck.Test}}",
      "elsewhere",
    );
    const [, ...check] = JSON.parse(inspected) as readonly string[];
    await assert.rejects(engine.docker("exec", "elsewhere", ...check), /ECONNREFUSED/u);
    // Of a first process that has no handler yet, the kernel drops the signal.
    await until("it is ready", async () => (await engine.docker("logs", "elsewhere")).includes("Ready."));
    await engine.docker("stop", "-t", "60", "elsewhere");
    assert.equal(await engine.docker("inspect", "--format", "{{.State.ExitCode}}", "elsewhere"), "0");
    await engine.docker("rm", "elsewhere");
  });

  test("podtrust's own image beside it runs any command, and is asked by nobody whether it is healthy", async () => {
    const shown = JSON.parse(
      await engine.docker("run", "--rm", podtrustImage, "version", "--json"),
    ) as object;
    assert.ok("version" in shown);
    const format = "{{json .Config.Healthcheck}} {{json .Config.ExposedPorts}}";
    assert.equal(await engine.docker("image", "inspect", "--format", format, podtrustImage), "null null");
  });
});
