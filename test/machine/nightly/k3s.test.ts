/** What the stand-in for k3s starts on a machine that booted. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { buildImage, leftOut, ssh, until, untilSsh } from "../harness/index.ts";
import { put } from "../harness/ssh.ts";
import { bootedMachine } from "../saved.ts";

const arg = (key: string, ...values: readonly string[]): string =>
  `${key}:\n${values.map((value) => `- ${value}\n`).join("")}`;
const issuer = "service-account-issuer";
const standardIssuer = "https://kubernetes.default.svc.cluster.local";

// As k3s's install.sh writes it.
const unit = `[Unit]
Description=Lightweight Kubernetes (stand-in)
Wants=network-online.target
After=network-online.target
[Install]
WantedBy=multi-user.target
[Service]
Type=notify
KillMode=process
Delegate=yes
LimitNOFILE=1048576
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStart=/usr/local/bin/k3s server
`;

interface Discovery {
  readonly issuer: string;
  readonly jwks_uri: string;
}

describe("the stand-in for k3s on a machine that booted", { skip: leftOut() }, () => {
  test("starts the real API server with what its files say, and again after a restart", async (context: TestContext) => {
    const { run: running, machine, access } = await bootedMachine(context);
    const { k3s } = await buildImage();
    await put(running, access, readFileSync(k3s), ["/usr/local/bin/k3s", "0755"]);
    await put(running, access, unit, ["/etc/systemd/system/k3s.service", "0644"]);
    const own = arg(
      "kube-apiserver-arg+",
      `${issuer}=https://oidc.example.com`,
      `${issuer}=${standardIssuer}`,
      "service-account-jwks-uri=https://oidc.example.com/openid/v1/jwks",
    );
    const drop = ["/etc/rancher/k3s/config.yaml.d/50-issuer.yaml", "0644"] as const;
    await put(running, access, own, drop);
    const start = performance.now();
    const onMachine = (script: string): Promise<string> =>
      untilSsh(running, machine, access, script).then(({ stdout }) => stdout);
    await onMachine("sudo systemctl daemon-reload && sudo systemctl enable -q k3s");
    await onMachine("sudo systemctl start --no-block k3s");
    await onMachine("systemctl is-active k3s || { sudo journalctl -u k3s -n 30; exit 1; }");
    context.diagnostic(`k3s.service is active after ${((performance.now() - start) / 1000).toFixed(1)} s`);

    const discovery = async (): Promise<Discovery> =>
      JSON.parse(
        await onMachine("sudo k3s kubectl get --raw /.well-known/openid-configuration"),
      ) as Discovery;
    const { issuer: says, jwks_uri: jwksUri } = await discovery();
    assert.deepEqual(
      [says, jwksUri],
      ["https://oidc.example.com", "https://oidc.example.com/openid/v1/jwks"],
    );

    await context.test("its log says with which flags the API server runs", async () => {
      assert.match(
        await onMachine("sudo journalctl -u k3s -o cat | grep 'Running kube-apiserver'"),
        /--service-account-issuer=https:\/\/oidc\.example\.com --service-account-issuer=https:\/\/kubernetes/u,
      );
    });

    await context.test(
      "a token of the TokenRequest API has that issuer and the audience that was asked for",
      async () => {
        const demo = "serviceaccount demo >/dev/null";
        await onMachine(`sudo k3s kubectl get ${demo} || sudo k3s kubectl create ${demo}`);
        const token = await onMachine("sudo k3s kubectl create token demo --audience sts.amazonaws.com");
        const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<
          string,
          unknown
        >;
        assert.equal(claims["iss"], "https://oidc.example.com");
        assert.deepEqual(claims["aud"], ["sts.amazonaws.com"]);
        assert.equal(claims["sub"], "system:serviceaccount:default:demo");
      },
    );

    await context.test("the admin's kubeconfig is root's alone", async () => {
      const asRoot = await onMachine("sudo stat -c '%U %a' /etc/rancher/k3s/k3s.yaml");
      assert.equal(asRoot.trim(), "root 600");
      const { stderr } = await ssh(running, access, "cat /etc/rancher/k3s/k3s.yaml");
      assert.match(stderr, /Permission denied/u);
    });

    await context.test("another drop-in counts after a restart of the unit", async () => {
      await put(running, access, arg("kube-apiserver-arg", "v=1"), [
        "/etc/rancher/k3s/config.yaml.d/60-other.yaml",
        "0644",
      ]);
      await onMachine("sudo systemctl restart --no-block k3s");
      // The one before answers until it is ended.
      await until("the default issuer", machine, async () => (await discovery()).issuer === standardIssuer);
    });
  });
});
