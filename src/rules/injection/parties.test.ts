/** What pods get for Google and Azure. A real API server makes the same of them in test/cluster/injection-parties.test.ts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { azureAccount, azureCases } from "../../../test/support/azure-cases.ts";
import { googleAccount, googleCases } from "../../../test/support/gcp-cases.ts";
import { aroundOf, containerOf, podOf } from "../../../test/support/party-case.ts";
import { type JsonRecord, recordOf, recordsOf } from "../../core/base/index.ts";
import {
  annotationsView,
  inject,
  injectionPatch,
  injectionView,
  injectOwnGoogle,
  injectParties,
  partyFault,
  saying,
} from "./index.ts";

for (const [title, cases, variable] of [
  ["Azure", azureCases, "AZURE_FEDERATED_TOKEN_FILE"],
  ["Google", googleCases, "GOOGLE_APPLICATION_CREDENTIALS"],
] as const)
  describe(`every case of ${title}'s injection`, () => {
    for (const one of cases)
      test(`${one.name}: is as it says, and injected again the same object`, () => {
        const { pod, injected = pod, warnings = [] } = one;
        const around = aroundOf(one);
        const result = injectParties(pod, around);
        assert.deepEqual(result.pod, injected);
        if (injected === pod) assert.equal(result.pod, pod);
        assert.deepEqual(
          result.notes.map(({ reason, text }) => saying(reason, text)),
          warnings,
        );
        assert.equal(injectParties(result.pod, around).pod, result.pod);
        assert.doesNotThrow(() => injectionPatch(pod, result.pod));
      });

    test("is reported for a pod until it was injected, whole or as the operator keeps it", () => {
      const texts = new Set<string>();
      for (const one of cases) {
        const around = aroundOf(one);
        const kept = {
          serviceAccount: annotationsView(around.serviceAccount),
          namespace: annotationsView(around.namespace),
        };
        const fault = partyFault(one.pod, around);
        assert.deepEqual(partyFault(injectionView(one.pod) ?? {}, kept), fault, one.name);
        if (one.injected === undefined) assert.equal(fault, undefined, one.name);
        if (fault !== undefined) texts.add(`${fault.reason}: the pod ${fault.text}`);
        const injected = one.injected ?? one.pod;
        // A volume of the pod's own in the token's place is there however often it is made.
        const last = one.name === "folder-taken" ? fault : undefined;
        for (const pod of [injected, injectionView(injected) ?? {}])
          assert.deepEqual(partyFault(pod, kept), last, one.name);
        if (last !== undefined)
          assert.match(last.text, /^has no place for its token in the container web: /u);
      }
      assert.ok(
        texts.has(`PodNotInjected: the pod has no ${variable} in the container web`),
        [...texts].join("; "),
      );
    });

    test("is by what an operator keeps of a ServiceAccount and a namespace", () => {
      for (const one of cases) {
        const { serviceAccount, namespace } = aroundOf(one);
        const kept = {
          serviceAccount: annotationsView(serviceAccount),
          namespace: annotationsView(namespace),
        };
        assert.deepEqual(injectParties(one.pod, kept).pod, one.injected ?? one.pod, one.name);
      }
    });
  });

test("a pod of podtrust's own is given Google's token as if its ServiceAccount asked, and no service account is impersonated", () => {
  const provider = googleAccount["cloud.google.com/workload-identity-provider"];
  const audience = "https://oidc.example.com/google";
  const given = injectOwnGoogle(podOf({}, containerOf()), { provider, audience });
  const annotations = {
    "cloud.google.com/workload-identity-provider": provider,
    "cloud.google.com/audience": audience,
  };
  const around = { serviceAccount: { metadata: { annotations } }, namespace: { metadata: {} } };
  assert.deepEqual(given, injectParties(podOf({}, containerOf()), around).pod);
  assert.ok(JSON.stringify(given).includes(audience));
  assert.doesNotMatch(JSON.stringify(given), /service_account_impersonation_url/u);
});

describe("a pod that asks for AWS, Google, Azure and OpenBao", () => {
  const pod = podOf(
    { annotations: { "openbao.podtrust.dev/address": "https://bao.example.com" } },
    containerOf(),
  );
  const role = { "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/web" };
  const accountOf = (annotations: object): JsonRecord => ({ metadata: { name: "web", annotations } });
  const around = {
    serviceAccount: accountOf({ ...role, ...googleAccount, ...azureAccount }),
    namespace: { metadata: {} },
  };
  const audiences = [
    "api://AzureADTokenExchange",
    "https://bao.example.com",
    "https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/prod/providers/prod",
    "sts.amazonaws.com",
  ];

  test("has a volume and a token for each audience, whichever came first", () => {
    const last = injectParties(inject(pod, around).pod, around).pod;
    const first = inject(injectParties(pod, around).pod, around).pod;
    for (const injected of [last, first]) {
      const spec = recordOf(injected["spec"]);
      const tokens = recordsOf(spec["volumes"]).map(({ projected }) => {
        const [source] = recordsOf(recordOf(projected)["sources"]);
        return String(recordOf(source?.["serviceAccountToken"])["audience"]);
      });
      assert.deepEqual(new Set(tokens), new Set(audiences));
      assert.equal(tokens.length, audiences.length);
      const mounts = recordsOf(recordsOf(spec["containers"])[0]?.["volumeMounts"]);
      assert.equal(new Set(mounts.map(({ mountPath }) => mountPath)).size, 4);
      assert.doesNotThrow(() => injectionPatch(pod, injected));
    }
  });

  test("gets nothing for Google and Azure by a ServiceAccount that asks for AWS alone", () => {
    const alone = { serviceAccount: accountOf(role), namespace: { metadata: {} } };
    const injected = inject(podOf({}, containerOf()), alone).pod;
    assert.equal(injectParties(injected, alone).pod, injected);
    assert.equal(injectParties(pod, { serviceAccount: undefined }).notes.length, 0);
  });
});
