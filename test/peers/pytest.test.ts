/** The plugin for pytest, built into a wheel and installed, under real pytest with real boto3. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { cleanAwsEnvironment, type ProgramRun, pythonVenv, runProgram } from "../support/python-venv.ts";
import { until } from "../support/until.ts";

const root = join(import.meta.dirname, "../..");
/** The command of @podtrust/sandbox as it stands in the sources. */
const sandboxCommand = `${process.execPath} ${join(root, "src/sandbox/cli/main.ts")}`;
const venv = pythonVenv("pytest", "9.2.0", { also: ["boto3==1.44.8", "hatchling==1.33.0", "pip==25.3"] });
const missing = await venv.missing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

describe("the plugin for pytest, installed from its wheel,", { skip: missing ?? false }, () => {
  let folder: string;

  /** Runs pytest on a file of tests. */
  async function pytest(tests: string, command = sandboxCommand): Promise<ProgramRun> {
    await writeFile(join(folder, "test_page.py"), tests);
    const env = cleanAwsEnvironment({
      PYTHONPATH: join(folder, "site"),
      PYTHONDONTWRITEBYTECODE: "1",
      PODTRUST_COMMAND: command,
      AWS_PROFILE: "production",
      AWS_ACCESS_KEY_ID: "AKIAREAL",
    });
    const args = ["-q", "-p", "no:cacheprovider", "--strict-markers", "-rA", join(folder, "test_page.py")];
    return runProgram(venv.program("pytest"), args, env);
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-pytest-"));
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder, PIP_NO_INDEX: "1" };
    const pip = venv.program("pip");
    const options = ["--no-deps", "--disable-pip-version-check", "--quiet"];
    const source = join(root, "clients/python");
    const built = await runProgram(
      pip,
      ["wheel", ...options, "--no-build-isolation", "-w", folder, source],
      env,
    );
    assert.equal(built.code, 0, built.err);
    const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl")) ?? "";
    const target = join(folder, "site");
    const installed = await runProgram(
      pip,
      ["install", ...options, "--target", target, join(folder, wheel)],
      env,
    );
    assert.equal(installed.code, 0, installed.err);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test("passes the tests of its page, which are shown as they stand", async () => {
    const page = await readFile(join(root, "docs/how-to/sandbox/python.md"), "utf8");
    const tests = /```python\n([\s\S]+?)```/u.exec(page)?.[1] ?? "";
    const { code, out } = await pytest(tests);
    assert.equal(code, 0, out);
    assert.match(out, /^8 passed/mu);
  });

  test("tells of a seed that IAM refuses in IAM's words, and of a test that fails as pytest does", async () => {
    const { code, out } = await pytest(`
import pytest
from pytest_podtrust import SandboxError

def test_a_seed(podtrust_sandbox):
    with pytest.raises(SandboxError) as refused:
        podtrust_sandbox.seed(roles=[{"name": "r", "trustPolicy": "{}"}])
    assert refused.value.detail["awsCode"] == "MalformedPolicyDocument"

@pytest.mark.podtrust_seed(parameters=[{"name": "/a", "value": "b"}])
def test_of_a_fresh_account(podtrust_sandbox):
    assert podtrust_sandbox.decisions() == []
    podtrust_sandbox.seed(parameters=[{"name": "/other", "value": "b"}])

@pytest.mark.podtrust_seed(parameters=[{"name": "/a", "value": "b"}])
def test_of_a_fresh_account_again(podtrust_sandbox):
    assert podtrust_sandbox.decisions(rule="none") != []
`);
    assert.equal(code, 1, out);
    assert.match(out, /^1 failed, 2 passed/mu);
  });

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    test(`leaves no sandbox behind where pytest is ended by ${signal}`, async () => {
      const said = join(folder, `url-${signal}`);
      const tests = `
import pathlib, time
def test_that_takes_long(podtrust_sandbox):
    pathlib.Path(${JSON.stringify(said)}).write_text(podtrust_sandbox.url)
    time.sleep(600)
`;
      await writeFile(join(folder, `test_${signal}.py`), tests);
      const env = cleanAwsEnvironment({
        PYTHONPATH: join(folder, "site"),
        PYTHONDONTWRITEBYTECODE: "1",
        PODTRUST_COMMAND: sandboxCommand,
      });
      const args = ["-q", "-p", "no:cacheprovider", join(folder, `test_${signal}.py`)];
      const child = spawn(venv.program("pytest"), args, { env, stdio: "ignore" });
      const exit = once(child, "exit");
      const url = await until("the sandbox's address", async () => {
        const text = await readFile(said, "utf8").catch(() => "");
        return text !== "" && text;
      });
      assert.equal((await fetch(`${url}/_podtrust/health`)).status, 200);
      child.kill(signal);
      await exit;
      const answers = (): Promise<boolean> =>
        fetch(`${url}/_podtrust/health`).then(
          () => true,
          () => false,
        );
      await until("the sandbox's end", async () => !(await answers()));
    });
  }

  test("gives threads of one test an account each, and forges tokens for them", async () => {
    const page = await readFile(join(root, "docs/how-to/sandbox/python.md"), "utf8");
    const [, helpers = ""] = /```python\n([\s\S]+?)\n\nshop = /u.exec(page) ?? [];
    const { code, out } = await pytest(`
from concurrent.futures import ThreadPoolExecutor
${helpers}

def exchange(account, token):
    return boto3.Session(region_name="us-east-1").client("sts").assume_role_with_web_identity(
        RoleArn=f"arn:aws:iam::{account.account}:role/cart", RoleSessionName="job", WebIdentityToken=token
    )

def work(account):
    with account:
        policy = trusts("system:serviceaccount:shop:cart")
        policy["Statement"][0]["Principal"]["Federated"] = PROVIDER.replace("111122223333", account.account)
        issuer = account.issuer()
        account.seed(providers=[{"url": issuer.url, "audiences": ["sts.amazonaws.com"]}],
                     roles=[{"name": "cart", "trustPolicy": policy}])
        exchange(account, issuer.token("shop", "cart"))
        with pytest.raises(botocore.exceptions.ClientError, match="could not be validated"):
            exchange(account, issuer.forge("shop", "cart", signed_by="foreign-key"))
        return [decision["rule"] for decision in account.decisions(decision="invalid")]

def test_threads(podtrust_sandbox):
    accounts = [podtrust_sandbox.new_account() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, accounts))
    assert podtrust_sandbox.decisions() == []
    github = podtrust_sandbox.issuer("https://token.actions.githubusercontent.com")
    assert github.forge(claims={"sub": "repo:o/r:pull_request"}).count(".") == 2
`);
    assert.equal(code, 0, out);
  });

  test("says what to do where podtrust cannot be started", async () => {
    const { code, out } = await pytest("def test_x(podtrust_sandbox): pass", "/nonexistent/podtrust");
    assert.notEqual(code, 0);
    assert.match(out, /npm run build/u);
  });
});
