import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  serverConfigPath,
  type ServerStart,
  serverStart,
  type StartRefusal,
  type UnitStart,
  unitVariables,
} from "./index.ts";

const old = "https://kubernetes.default.svc.cluster.local";
const before = "https://old.example.com";
const main = "/etc/rancher/k3s/config.yaml";

const unit = (args: readonly string[], environment: Record<string, string> = {}): UnitStart => ({
  command: ["/usr/local/bin/k3s", "server", ...args],
  environment,
  texts: [],
});
const started = (made: ServerStart | StartRefusal): ServerStart => {
  assert.ok(!("refusal" in made), JSON.stringify(made));
  return made;
};
const refused = (made: object): StartRefusal => {
  assert.ok("refusal" in made, JSON.stringify(made));
  return made as StartRefusal;
};

describe("what a server of k3s starts with", () => {
  test("is k3s' own issuer, audiences and key files where nobody says anything", () => {
    const { words, dataDir, port, supervisor } = started(serverStart("k3s", unit([]), []));
    assert.deepEqual(words, [
      `--api-audiences=${old},k3s`,
      `--service-account-issuer=${old}`,
      "--service-account-key-file=/var/lib/rancher/k3s/server/tls/service.key",
      "--service-account-signing-key-file=/var/lib/rancher/k3s/server/tls/service.current.key",
    ]);
    assert.deepEqual([dataDir, port, supervisor], ["/var/lib/rancher/k3s", 6443, "https://127.0.0.1:6443"]);
  });

  test("has the command line after the files, however it is written", () => {
    const words = [
      "--kube-apiserver-arg",
      "service-account-issuer=https://b",
      "-kube-apiserver-arg=service-account-issuer=https://c",
      "--disable",
      "traefik",
    ];
    const files = [{ path: main, value: { "kube-apiserver-arg": ["service-account-issuer=https://a"] } }];
    const { flags } = started(serverStart("k3s", unit(words), files));
    assert.deepEqual(flags.issuers, ["https://a", "https://b", "https://c"]);
  });

  test("has its folder, port and domain from the command line before the files, and from the files before a variable", () => {
    const domain = "https://kubernetes.default.svc.in.example";
    const value = { "data-dir": "/b", "https-listen-port": 7443, "cluster-domain": "in.example" };
    const files = [{ path: `${main}.d/10.yml`, value }];
    const seen = (args: readonly string[], given: typeof files): readonly unknown[] => {
      const { dataDir, port, flags } = started(serverStart("k3s", unit(args, { K3S_DATA_DIR: "/a" }), given));
      return [dataDir, port, flags.issuers[0]];
    };
    assert.deepEqual(seen([], []), ["/a", 6443, old]);
    assert.deepEqual(seen([], files), ["/b", 7443, domain]);
    assert.deepEqual(seen(["-d", "/c", "--https-listen-port=8443"], files), ["/c", 8443, domain]);
    const { keyFiles, signingKeyFile } = started(serverStart("k3s", unit(["--data-dir=/c"]), [])).flags;
    assert.deepEqual(
      [keyFiles, signingKeyFile],
      [["/c/server/tls/service.key"], "/c/server/tls/service.current.key"],
    );
  });

  test("has the usual folder where the command line ends before the folder's name", () => {
    assert.equal(started(serverStart("k3s", unit(["--data-dir"]), [])).dataDir, "/var/lib/rancher/k3s");
  });

  test("answers its own command line beside its API, or at RKE2's own port, where it is bound", () => {
    const at = (name: "k3s" | "rke2", args: readonly string[]): string =>
      started(serverStart(name, unit(args), [])).supervisor;
    assert.equal(at("k3s", ["--https-listen-port", "7443"]), "https://127.0.0.1:7443");
    assert.equal(at("k3s", ["--bind-address=203.0.113.7"]), "https://203.0.113.7:6443");
    assert.equal(at("k3s", ["--bind-address=2001:db8::7"]), "https://[2001:db8::7]:6443");
    assert.equal(at("rke2", ["--bind-address=::"]), "https://127.0.0.1:9345");
  });

  test("is read from the file that its variable names, else its command line, else the usual one", () => {
    assert.equal(serverConfigPath("k3s", unit([])), main);
    assert.equal(serverConfigPath("rke2", unit([])), "/etc/rancher/rke2/config.yaml");
    assert.equal(serverConfigPath("k3s", unit(["-c", "/a.yaml"])), "/a.yaml");
    assert.equal(
      serverConfigPath("k3s", unit(["--config=/a.yaml"], { K3S_CONFIG_FILE: "/b.yaml" })),
      "/b.yaml",
    );
    const files = [
      { path: "/x.yaml.d/10.yaml", value: { "kube-apiserver-arg+": "service-account-issuer=https://b" } },
      { path: "/x.yaml", value: { "kube-apiserver-arg": "service-account-issuer=https://a" } },
    ];
    const { flags } = started(serverStart("k3s", unit([], { K3S_CONFIG_FILE: "/x.yaml" }), files));
    assert.deepEqual(flags.issuers, ["https://a", "https://b"]);
  });

  test("is refused where the unit starts no server, and where systemd would put something into an argument", () => {
    const agent = { command: ["/usr/local/bin/k3s", "agent"], environment: {}, texts: [] };
    assert.match(
      refused(serverStart("k3s", agent, [])).message,
      /starts \/usr\/local\/bin\/k3s agent, which is no server/u,
    );
    assert.equal(serverConfigPath("k3s", agent), main);
    const argument = "--kube-apiserver-arg=service-account-issuer=$ISSUER";
    const { refusal, line } = refused(serverStart("k3s", unit([argument]), []));
    assert.deepEqual([refusal, line?.text], ["unit-variable", argument]);
  });

  test("says that an issuer comes twice, in a file and on the command line: the API server ends on that", () => {
    const files = [{ path: main, value: { "kube-apiserver-arg": [`service-account-issuer=${before}`] } }];
    const twice = [`--kube-apiserver-arg=service-account-issuer=${before}`];
    const { refusal, message, line } = started(serverStart("k3s", unit(twice), files)).twice ?? assert.fail();
    assert.equal(refusal, "issuer-twice");
    assert.match(
      message,
      /the issuer https:\/\/old\.example\.com twice, the second time by the command line of its unit/u,
    );
    assert.deepEqual(line, {
      from: "the command line of its unit",
      text: `service-account-issuer=${before}`,
    });
  });

  test("has its controller manager sign with k3s' own key, or with the file that a person's argument names last", () => {
    const tls = "/var/lib/rancher/k3s/server/tls";
    const file = (args: readonly string[], value: object = {}): string | undefined =>
      started(serverStart("k3s", unit(args), [{ path: main, value: { ...value } }])).managerKeyFile;
    assert.equal(file([]), `${tls}/service.current.key`);
    const inFile = {
      "kube-controller-manager-arg": ["service-account-private-key-file=/a", "root-ca-file=/ca"],
    };
    assert.equal(file([], inFile), "/a");
    assert.equal(file(["--kube-controller-manager-arg=service-account-private-key-file=/b"], inFile), "/b");
  });

  test("says that its API server reads key files that its datastore does not fill, and which line has it so", () => {
    const other = (args: readonly string[]): StartRefusal | undefined =>
      started(serverStart("k3s", unit(args), [])).otherKeys;
    const key = "service-account-key-file";
    assert.equal(
      other([`--kube-apiserver-arg=${key}=/var/lib/rancher/k3s/server/tls/service.key`]),
      undefined,
    );
    for (const text of [`${key}=/a`, `${key}+=/a`, "service-account-signing-key-file=/a"]) {
      const { refusal, line } = other([`--kube-apiserver-arg=${text}`]) ?? assert.fail(text);
      assert.deepEqual([refusal, line], ["other-keys", { from: "the command line of its unit", text }]);
    }
  });

  test("names no line to change where entries without a value give the API server one issuer twice", () => {
    const bare = "--kube-apiserver-arg=service-account-issuer";
    const { message, line } = started(serverStart("k3s", unit([bare, bare]), [])).twice ?? assert.fail();
    assert.equal(line, undefined);
    assert.match(message, /the issuer true twice, and does not start so$/u);
  });
});

test("the variables of a unit are those of its environment files over its own, without comments and quotes", () => {
  const files = ['# a comment\nK3S_DATA_DIR="/b c"\n;x=y\n\nno line\n', "K3S_TOKEN='secret'\n"];
  assert.deepEqual(unitVariables({ environment: ["K3S_DATA_DIR=/a", "A=b=c"] }, files), {
    K3S_DATA_DIR: "/b c",
    A: "b=c",
    K3S_TOKEN: "secret",
  });
});
