/**
 * AzureIdentityBinding and AzureTrust on a real API server that knows Azure's kinds alone, with the operator's own rights there,
 * and the sandbox's Azure, whose Entra is asked with real tokens of real ServiceAccounts.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { JsonRecord } from "../../../src/core/base/index.ts";
import { azurePasses, BoundTenants } from "../../../src/operator/bindings/azure/index.ts";
import type { BindingOutcome } from "../../../src/operator/bindings/index.ts";
import { type KubernetesApi, openKubernetes } from "../../../src/providers/kubernetes/index.ts";
import { bindingManifests, loadPartyManifests, partyNames } from "../../../src/rules/bindings/index.ts";
import { readyOf } from "../../azure/bindings-world.ts";
import { type AzureStackWorld, azureStackWorld } from "../../azure/stack-world.ts";
import {
  azureBindingOf,
  azureTrustOf,
  azureTrustSpec,
  grantedIdentities,
  malformedAzure,
  ungrantedIdentities,
} from "../../support/bindings/azure-cases.ts";
import { MovedClock } from "../../support/bindings/pass-world.ts";
import { testAuthority } from "../../support/certificates.ts";
import { type IssuerServer, startIssuer } from "../../support/issuer-server.ts";
import type { ApiAnswer } from "../harness/https.ts";
import { type ControlPlane, leftOut, startControlPlane } from "../harness/index.ts";
import { apply, until } from "./plane.ts";
import { maxWaitFlag } from "../../support/until.ts";

const skip = leftOut();
const { binding, trust } = partyNames.azure;
const namespaces = ["podtrust", "shop", "other", "team-a", "preview-7"];

function pathOf({ kind, metadata }: JsonRecord): string {
  const base = "/apis/podtrust.dev/v1alpha1";
  const { namespace = "" } = metadata as { readonly namespace?: string };
  return kind === trust.kind
    ? `${base}/${trust.plural}`
    : `${base}/namespaces/${namespace}/${binding.plural}`;
}

describe("bindings of Azure on a real API server", { skip }, () => {
  let issuer: IssuerServer;
  let plane: ControlPlane;
  let azure: AzureStackWorld;
  let operator: KubernetesApi;
  const clock = new MovedClock();

  const create = (object: JsonRecord, dryRun = true): Promise<ApiAnswer> =>
    plane.ask(`${pathOf(object)}?fieldValidation=Strict${dryRun ? "&dryRun=All" : ""}`, {
      method: "POST",
      body: object,
    });

  before(async () => {
    const authority = await testAuthority();
    issuer = await startIssuer(authority);
    plane = await startControlPlane({ issuer: issuer.issuer, jwksUri: `${issuer.issuer}/openid/v1/jwks` });
    for (const name of namespaces) await plane.kubectl(["create", "namespace", name]);
    await plane.kubectl(["create", "serviceaccount", "-n", "podtrust", "podtrust-operator"]);
    await apply(plane, bindingManifests({ rows: await loadPartyManifests(["azure"]) }));
    await plane.kubectl(["wait", "--for=condition=Established", "crd", "--all", maxWaitFlag]);
    azure = await azureStackWorld({ issuer: issuer.issuer, connectTo: issuer.connectTo, ca: authority.root });
    const admin = await openKubernetes({ kubeconfig: plane.adminKubeconfig });
    const { jwks } = await admin.oidcDocuments();
    issuer.publish((JSON.parse(jwks.toString()) as { keys: object[] }).keys);
    const { tenant, subscription } = azure.azure;
    const spec = { ...azureTrustSpec, issuer: issuer.issuer, tenant };
    assert.ok(JSON.stringify(spec).includes(subscription));
    const made = await until(
      "the API of trusts",
      () => create(azureTrustOf(spec), false),
      ({ status }) => status !== 404,
    );
    assert.equal(made.status, 201, made.text);
    const stranger = azureBindingOf({ managed: {} }, { namespace: "podtrust", name: "nobody" });
    await until(
      "the guard of grants",
      () => create(stranger),
      ({ text }) => text.includes("no grant of AzureTrust default"),
    );
    const token = await plane.requestToken("podtrust", "podtrust-operator", issuer.issuer);
    operator = await openKubernetes({ kubeconfig: plane.kubeconfigWithToken(token) });
  });

  after(async () => {
    await azure?.close();
    await plane?.stop();
    await issuer?.close();
  });

  test("are refused where they have a mistake", async () => {
    for (const { name, object } of malformedAzure) {
      const { status, text } = await create(object);
      assert.equal(status, 422, `${name}: ${text}`);
    }
  });

  test("are denied for lack of a grant, and told what each grant lacks", async () => {
    for (const { name, object, said } of ungrantedIdentities) {
      const { status, text } = await create(object);
      assert.equal(status, 403, `${name}: ${text}`);
      assert.match(text, /ValidatingAdmissionPolicy 'podtrust-grants-azure'/u);
      assert.match(text, said, name);
    }
  });

  test("are taken where a grant allows them", async () => {
    for (const { name, object } of grantedIdentities) {
      const { status, text } = await create(object);
      assert.equal(status, 201, `${name}: ${text}`);
    }
  });

  /** One pass, as the operator. */
  async function pass(tenants: BoundTenants): Promise<BindingOutcome> {
    const object = await operator.read({ kind: "AzureIdentityBinding", namespace: "shop", name: "web" });
    assert.ok(object !== undefined, "the binding is gone");
    const of = await operator.read({ kind: "AzureTrust", name: "default" });
    return azurePasses(tenants).binding(
      { object, trust: of, deletedFor: 0 },
      { cluster: operator, azure: tenants },
      clock,
      new AbortController().signal,
    );
  }

  test("are Ready by an exchange with Entra, by the operator's rights alone, and let go of what they have", async () => {
    await azure.reset({ identities: [{ name: "web" }] });
    await plane.kubectl(["create", "serviceaccount", "-n", "shop", "web"]);
    const made = await create(azureBindingOf({ existing: { name: "web", group: "shared" } }), false);
    assert.equal(made.status, 201, made.text);
    const tenants = new BoundTenants({ clock, env: azure.env });
    assert.equal(readyOf(await pass(tenants)), "True AssertionAccepted");
    const [column, finalizers] = [
      await plane.kubectl(["get", "aib", "-n", "shop", "web", "--no-headers"]),
      (await operator.read({ kind: "AzureIdentityBinding", namespace: "shop", name: "web" }))?.metadata
        .finalizers,
    ];
    assert.match(column, new RegExp(`^web\\s+${azure.clientId("web")}\\s+True\\s+AssertionAccepted`, "u"));
    assert.deepEqual(finalizers, ["podtrust.dev/azure"]);
    const account = await operator.read({ kind: "ServiceAccount", namespace: "shop", name: "web" });
    assert.equal(account?.metadata.annotations?.["azure.workload.identity/client-id"], azure.clientId("web"));
    await plane.kubectl(["delete", "aib", "-n", "shop", "web", "--wait=false"]);
    clock.move(4000);
    assert.equal((await pass(tenants)).againIn, undefined);
    assert.equal(
      await operator.read({ kind: "AzureIdentityBinding", namespace: "shop", name: "web" }),
      undefined,
    );
    assert.deepEqual(await azure.credentials("web"), []);
  });

  test("give the operator no token of others but for Azure's audiences", async () => {
    const asked = (audience: string): Promise<unknown> =>
      operator.requestToken("shop", "web", { audiences: [audience], expirationSeconds: 600 });
    await asked("api://AzureADTokenExchangeUSGov");
    await assert.rejects(asked("https://kubernetes.default.svc"), /podtrust asks for tokens of others/u);
  });
});
