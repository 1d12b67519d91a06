import { isRecord, type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import {
  inject,
  injectionPatch,
  injectionWarnings,
  injectParties,
  saying,
  type Surroundings,
} from "../../rules/injection/index.ts";

/** What happened to a pod: `unchanged` had everything already; `untouched` is not for injection. */
export type ReviewOutcome = "injected" | "unchanged" | "untouched";

/** The answer to an AdmissionReview, which allows every pod. */
export interface ReviewAnswer {
  readonly outcome: ReviewOutcome;
  readonly body: JsonRecord;
}

/** What an AdmissionReview of version v1 asks. */
interface PodReview {
  readonly uid: string;
  readonly namespace: string;
  readonly account: string;
  readonly pod: JsonRecord;
  /** It is about something other than the creation of a pod, so it is allowed unchanged. */
  readonly foreign: boolean;
}

/** Containers of a pod: the answer lists what each of them gets. No node runs so many. */
const maxContainers = 1000;

/** Characters of a name (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/). */
const [maxNamespaceName, maxAccountName] = [63, 253];

const apiVersion = "admission.k8s.io/v1";
const kind = "AdmissionReview";

/** Whether it is about the creation of a pod, and not about a subresource, such as its binding to a node. */
function isMadePod({ operation, resource, subResource }: JsonRecord): boolean {
  const { group, resource: plural } = recordOf(resource);
  return operation === "CREATE" && group === "" && plural === "pods" && (subResource ?? "") === "";
}

/** Throws a TypeError for a pod that no API server sends, or that is too large to answer. */
function checkPod(pod: JsonRecord): void {
  const spec = recordOf(pod["spec"]);
  const containers = recordsOf(spec["containers"]).length + recordsOf(spec["initContainers"]).length;
  if (containers > maxContainers)
    throw new TypeError(`its pod has ${containers} containers, and ${maxContainers} are the most`);
  for (const [key, value] of Object.entries(recordOf(recordOf(pod["metadata"])["annotations"])))
    if (typeof value !== "string") throw new TypeError(`the annotation ${key} of its pod is no text`);
}

function askedOf(review: unknown): PodReview {
  const { apiVersion: version, kind: of, request } = recordOf(review);
  if (version !== apiVersion || of !== kind) throw new TypeError(`it is no ${kind} of ${apiVersion}`);
  if (!isRecord(request)) throw new TypeError("it has no request");
  const { object } = request;
  const [uid, namespace] = [textOf(request["uid"]), textOf(request["namespace"])];
  if (uid === undefined || uid === "") throw new TypeError("its request has no uid");
  if (!isMadePod(request)) return { uid, namespace: "", account: "", pod: {}, foreign: true };
  if (!isRecord(object)) throw new TypeError("its request has no object");
  if (namespace === undefined) throw new TypeError("its request has no namespace");
  checkPod(object);
  const account = textOf(recordOf(object["spec"])["serviceAccountName"]) ?? "default";
  if (namespace.length > maxNamespaceName || account.length > maxAccountName)
    throw new TypeError("its namespace or its pod's ServiceAccount has a longer name than there can be");
  return { uid, namespace, account, pod: object, foreign: false };
}

function answer(uid: string, outcome: ReviewOutcome, more: JsonRecord = {}): ReviewAnswer {
  return { outcome, body: { apiVersion, kind, response: { uid, allowed: true, ...more } } };
}

function answerPod({ uid, pod }: PodReview, around: Surroundings): ReviewAnswer {
  const result = inject(pod, around);
  const { pod: injected, notes } = injectParties(result.pod, around);
  const texts = [...injectionWarnings(result), ...notes.map(({ reason, text }) => saying(reason, text))];
  if (result.outcome === "untouched" && injected === pod && texts.length === 0)
    return answer(uid, "untouched");
  const warnings = texts.length === 0 ? {} : { warnings: texts };
  const patch = injectionPatch(pod, injected);
  if (patch.length === 0) return answer(uid, "unchanged", warnings);
  const encoded = Buffer.from(JSON.stringify(patch)).toString("base64");
  return answer(uid, "injected", { patchType: "JSONPatch", patch: encoded, ...warnings });
}

/** Gives the surroundings of a pod of this namespace and ServiceAccount. */
export type FindAround = (namespace: string, account: string) => Surroundings | Promise<Surroundings>;

/** The answer, if nothing has to be waited for; else what to wait for. */
function begin(asked: PodReview, around: FindAround): ReviewAnswer | Promise<Surroundings> {
  if (asked.foreign) return answer(asked.uid, "untouched");
  const found = around(asked.namespace, asked.account);
  return found instanceof Promise ? found : answerPod(asked, found);
}

/**
 * Answers an AdmissionReview
 * (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/) with the patch by which
 * the pod has its role, and the token of each other relying party that it asks for. `read` parses the review, and is
 * called again after a wait: a parsed pod takes ten times the memory of its bytes. Writes nothing, so dry runs need no
 * special case. Throws a TypeError for what is no review.
 */
export async function answerReview(read: () => Promise<unknown>, around: FindAround): Promise<ReviewAnswer> {
  const begun = begin(askedOf(await read()), around);
  if (!(begun instanceof Promise)) return begun;
  const found = await begun;
  return answerPod(askedOf(await read()), found);
}
