import type { JsonRecord } from "../../../src/core/base/index.ts";
import { bindingManifests, finalizer, partyNames } from "../../../src/rules/bindings/index.ts";
import { bindingOf, trustOf, webRole } from "../../support/bindings/objects.ts";
import { type ApiAnswer, type AskOptions } from "../harness/https.ts";
import { type ControlPlane, startControlPlane } from "../harness/index.ts";
import { maxWaitFlag, until as untilSo } from "../../support/until.ts";

const base = "/apis/podtrust.dev/v1alpha1";

/** The path under which objects like this one stand. */
export function collectionOf(object: JsonRecord): string {
  const { namespace } = object["metadata"] as { readonly namespace?: string };
  const all = Object.values(partyNames).flatMap(({ binding, trust }) => [binding, trust]);
  const plural = all.find(({ kind }) => kind === object["kind"])?.plural ?? "";
  return namespace === undefined ? `${base}/${plural}` : `${base}/namespaces/${namespace}/${plural}`;
}

/** Makes an object, or with `dryRun` has it judged only. */
export function create(
  plane: ControlPlane,
  object: JsonRecord,
  options: AskOptions & { readonly dryRun?: boolean } = {},
): Promise<ApiAnswer> {
  const { dryRun = false, ...rest } = options;
  const path = `${collectionOf(object)}?fieldValidation=Strict${dryRun ? "&dryRun=All" : ""}`;
  return plane.ask(path, { method: "POST", body: object, ...rest });
}

/** Asks until the answer is as it shall be: what was just applied is in force some moments later. */
export async function until<T>(what: string, ask: () => Promise<T>, is: (answer: T) => boolean): Promise<T> {
  let last: T | undefined;
  await untilSo(
    what,
    async () => {
      last = await ask();
      return is(last);
    },
    { everyMs: 100, detail: () => JSON.stringify(last) },
  );
  return last as T;
}

/** Applies manifests of ours, in their order. */
export async function apply(plane: ControlPlane, items: readonly object[]): Promise<void> {
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  await plane.kubectl(["apply", "--server-side", "-f", "-"], list);
}

/** A real API server that knows our objects, with their guards in force. */
export async function startBindingsPlane(
  options: Partial<Parameters<typeof startControlPlane>[0]> = {},
  namespaces: readonly string[] = [],
): Promise<ControlPlane> {
  const plane = await startControlPlane({ issuer: "https://oidc.example.test", ...options });
  for (const name of ["podtrust", ...namespaces]) await plane.kubectl(["create", "namespace", name]);
  await plane.kubectl(["create", "serviceaccount", "-n", "podtrust", "podtrust-operator"]);
  const { version: kubernetes = "1.36" } = options;
  await apply(plane, bindingManifests({ kubernetes }));
  await plane.kubectl(["wait", "--for=condition=Established", "crd", "--all", maxWaitFlag]);
  if (kubernetes !== "1.35") await untilKept(plane);
  return plane;
}

/** Waits until the API server itself sets the finalizer of a binding. */
async function untilKept(plane: ControlPlane): Promise<void> {
  const trustless = bindingOf({ trust: "none", roles: [webRole] }, { namespace: "podtrust", name: "nobody" });
  await until(
    "the finalizer of bindings",
    () => create(plane, trustless, { dryRun: true }),
    ({ text }) => text.includes(finalizer),
  );
}

/** Makes a trust, and waits until admission decides by it. */
export async function makeTrust(plane: ControlPlane, spec: JsonRecord): Promise<void> {
  const made = await until(
    "the API of trusts",
    () => create(plane, trustOf(spec)),
    ({ status }) => status !== 404,
  );
  if (made.status !== 201) throw new Error(made.text);
  const stranger = bindingOf({ roles: [webRole] }, { namespace: "podtrust", name: "nobody" });
  await until(
    "the guard of grants",
    () => create(plane, stranger, { dryRun: true }),
    ({ text }) => text.includes("no grant of AWSTrust default"),
  );
}
