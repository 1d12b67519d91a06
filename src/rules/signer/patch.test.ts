import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import { applyPatch } from "../../../test/support/json-patch.ts";
import { endpointPatch } from "./index.ts";

const place = { socket: "/var/lib/podtrust-signer/run/signer.sock", folder: "/var/lib/podtrust-signer/run" };
const pod = (...command: readonly unknown[]) => ({
  spec: { containers: [{ command, volumeMounts: [{ name: "certs" }] }], volumes: [{ name: "certs" }] },
});
const key = "--service-account-key-file=/etc/kubernetes/pki/sa.pub";
const old = "--service-account-key-file=/etc/kubernetes/pki/old.pub";
const signing = "--service-account-signing-key-file=/etc/kubernetes/pki/sa.key";
const issuer = "--service-account-issuer=https://oidc.example.com";

describe("the patch of kubeadm's API server", () => {
  test("takes both flags out wherever they stand, adds the endpoint, and mounts the socket's folder alone", () => {
    for (const words of [
      [key, issuer, signing],
      [signing, key, old, issuer],
      [issuer, old, signing, key],
    ]) {
      const patched = applyPatch(
        pod("kube-apiserver", ...words),
        endpointPatch(pod("kube-apiserver", ...words), place),
      );
      assert.deepEqual(patched, {
        spec: {
          containers: [
            {
              command: ["kube-apiserver", issuer, `--service-account-signing-endpoint=${place.socket}`],
              volumeMounts: [
                { name: "certs" },
                { name: "podtrust-signer", mountPath: place.folder, readOnly: true },
              ],
            },
          ],
          volumes: [
            { name: "certs" },
            { name: "podtrust-signer", hostPath: { path: place.folder, type: "Directory" } },
          ],
        },
      });
    }
  });

  test("refuses a manifest in which another flag stands at the place, before it changes anything", () => {
    const patch = endpointPatch(pod("kube-apiserver", key, issuer, signing), place);
    const upgraded = pod("kube-apiserver", "--feature=1", key, issuer, signing);
    assert.throws(() => applyPatch(upgraded, patch), /test/u);
  });

  test("is not made for what is no API server of kubeadm, or asks a signer already", () => {
    const refused = (text: RegExp, value: unknown): void =>
      assert.throws(
        () => endpointPatch(value, place),
        (error) =>
          error instanceof PodtrustError && error.code === "signer-manifest" && text.test(error.message),
      );
    refused(/does not run kube-apiserver/u, undefined);
    refused(/does not run kube-apiserver/u, { spec: { containers: [{ command: "kube-apiserver" }] } });
    refused(/does not have both/u, pod("kube-apiserver", key));
    refused(/does not have both/u, pod("kube-apiserver", signing, 1));
    refused(/asks a signer already/u, pod("kube-apiserver", "--service-account-signing-endpoint=/x"));
  });
});
