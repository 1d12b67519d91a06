import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { changeFlags, flagDifference, issuerFlagsOf, parseFlags, secretTokenKeyFile } from "./index.ts";

const old = "https://kubernetes.default.svc.cluster.local";
const ours = "https://oidc.example.com";

describe("an API server's command line", () => {
  test("is read flag by flag, whether a value is joined by = or is a word of its own, and whether names have - or _", () => {
    const words = [
      "kube-apiserver",
      "--service-account-issuer",
      old,
      `--service_account_issuer=${ours}`,
      "--api-audiences=a,b",
      "--api-audiences=c",
      "--service-account-key-file=/pki/sa.pub",
      "--service-account-signing-key-file=/pki/sa.key",
      "--service-account-jwks-uri=https://first.example.com",
      `--service-account-jwks-uri=${ours}/openid/v1/jwks`,
      "--service-account-extend-token-expiration=false",
      "--service-account-max-token-expiration=24h",
      "--service-account-signing-endpoint=/run/signer",
      "--authentication-config=/etc/auth.yaml",
      "--profiling",
    ];
    assert.deepEqual(parseFlags(words), {
      issuers: [old, ours],
      audiences: ["a", "b", "c"],
      keyFiles: ["/pki/sa.pub"],
      signingKeyFile: "/pki/sa.key",
      jwksUri: `${ours}/openid/v1/jwks`,
      extendTokenExpiration: false,
      maxTokenExpiration: "24h",
      signingEndpoint: "/run/signer",
      authenticationConfig: "/etc/auth.yaml",
    });
  });

  test("without flags says none, and a boolean alone is true", () => {
    assert.deepEqual(parseFlags(["kube-apiserver"]), { issuers: [], keyFiles: [] });
    assert.equal(parseFlags(["--service-account-extend-token-expiration"]).extendTokenExpiration, true);
  });

  test("is changed by name: new values stand where the first old one stood, and nothing else moves", () => {
    const words = [
      "kube-apiserver",
      "--a=1",
      "--service-account-issuer",
      old,
      "--b=2",
      `--service-account-issuer=${ours}`,
    ];
    assert.deepEqual(changeFlags(words, { issuers: [ours, old] }), [
      "kube-apiserver",
      "--a=1",
      `--service-account-issuer=${ours}`,
      `--service-account-issuer=${old}`,
      "--b=2",
    ]);
  });

  test("gets a flag that it lacked at its end", () => {
    const change = {
      audiences: ["a", "b"],
      jwksUri: `${ours}/openid/v1/jwks`,
      keyFiles: ["/x.pub", "/y.pub"],
      signingKeyFile: "/x.key",
    };
    assert.deepEqual(changeFlags(["kube-apiserver"], change), [
      "kube-apiserver",
      "--api-audiences=a,b",
      `--service-account-jwks-uri=${ours}/openid/v1/jwks`,
      "--service-account-key-file=/x.pub",
      "--service-account-key-file=/y.pub",
      "--service-account-signing-key-file=/x.key",
    ]);
  });

  test("is compared with a change: the first flag that differs is named, with what it is and what is wanted", () => {
    const flags = parseFlags([`--service-account-issuer=${old}`]);
    assert.equal(flagDifference(flags, { issuers: [old] }), undefined);
    assert.equal(flagDifference(flags, {}), undefined);
    assert.equal(
      flagDifference(flags, { issuers: [old, ours] }),
      `--service-account-issuer is ${old}, and ${old}, ${ours} is wanted`,
    );
    assert.equal(
      flagDifference(flags, { keyFiles: ["/a"] }),
      "--service-account-key-file is not set, and /a is wanted",
    );
    assert.equal(
      flagDifference(flags, { jwksUri: "https://a" }),
      "--service-account-jwks-uri is not set, and https://a is wanted",
    );
  });
});

test("the issuer flags of one server give another the same, and take away what the first has not set", () => {
  const flags = parseFlags([`--service-account-issuer=${ours}`, `--service-account-issuer=${old}`]);
  const change = issuerFlagsOf(flags);
  assert.deepEqual(change, { issuers: [ours, old], audiences: [], jwksUri: "" });
  const other = [
    `--service-account-issuer=${old}`,
    "--api-audiences=a",
    "--service-account-jwks-uri=https://a",
  ];
  assert.equal(flagDifference(parseFlags(changeFlags(other, change)), change), undefined);
});

test("a controller manager's command line says with which key file it signs tokens in Secrets, or that it makes none", () => {
  const words = ["kube-controller-manager", "--service-account-private-key-file=/a", "--v=2"];
  assert.equal(secretTokenKeyFile(words), "/a");
  assert.equal(secretTokenKeyFile([...words, "--service_account_private_key_file", "/b"]), "/b");
  assert.equal(secretTokenKeyFile(["kube-controller-manager", "--v=2"]), undefined);
});
