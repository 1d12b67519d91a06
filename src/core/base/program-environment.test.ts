import assert from "node:assert/strict";
import { test } from "node:test";
import { programEnvironment } from "./program-environment.ts";

const secrets = {
  AWS_ACCESS_KEY_ID: "AKIA",
  AWS_SECRET_ACCESS_KEY: "x",
  AWS_SESSION_TOKEN: "x",
  AWS_PROFILE: "admin",
  HCLOUD_TOKEN: "x",
  HETZNER_API_TOKEN: "x",
  CLOUDFLARE_API_TOKEN: "x",
  PODTRUST_ALLOW_EXEC_PLUGIN: "x",
  GITHUB_TOKEN: "x",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "x",
  NODE_OPTIONS: "--require ./x",
  LD_PRELOAD: "./x",
  KUBECONFIG: "/home/me/.kube/config",
};

test("no program gets a cloud's token, an AWS key, or any variable that is not listed for it", () => {
  for (const program of ["ssh", "kubectl", "az"] as const)
    assert.deepEqual(programEnvironment(program, { PATH: "/bin", ...secrets, HOME: undefined }), {
      PATH: "/bin",
    });
});

test("kubectl keeps its editor, its switches and the proxy, and ssh its agent", () => {
  const env = {
    SSH_AUTH_SOCK: "/s",
    EDITOR: "vi",
    KUBECTL_COMMAND_HEADERS: "1",
    https_proxy: "http://p",
    LC_ALL: "C",
  };
  assert.deepEqual(Object.keys(programEnvironment("ssh", env)), ["SSH_AUTH_SOCK", "LC_ALL"]);
  assert.deepEqual(Object.keys(programEnvironment("kubectl", env)), [
    "EDITOR",
    "KUBECTL_COMMAND_HEADERS",
    "https_proxy",
    "LC_ALL",
  ]);
});
