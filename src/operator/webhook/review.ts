import { isRecord, type JsonRecord, recordOf, textOf } from "../../base/index.ts";
import { inject, injectionPatch, injectionWarnings, type Surroundings } from "../../injection/index.ts";

/** What became of a pod: `unchanged` had all of it before; `untouched` is not for injection. */
export type ReviewOutcome = "injected" | "unchanged" | "untouched";

/** The answer to an AdmissionReview, which allows every pod. */
export interface ReviewAnswer {
  readonly outcome: ReviewOutcome;
  readonly body: JsonRecord;
}

/** What an AdmissionReview of version v1 asks. */
interface Asked {
  readonly uid: string;
  readonly namespace: string;
  readonly pod: JsonRecord;
  /** It is about something else than a pod that is made, and none of our business. */
  readonly foreign: boolean;
}

const apiVersion = "admission.k8s.io/v1";
const kind = "AdmissionReview";

/** Whether it is about a pod that is made, and not about a part of one, such as its binding to a node. */
function isMadePod({ operation, resource, subResource }: JsonRecord): boolean {
  const { group, resource: plural } = recordOf(resource);
  return operation === "CREATE" && group === "" && plural === "pods" && (subResource ?? "") === "";
}

function askedOf(review: unknown): Asked {
  const { apiVersion: version, kind: of, request } = recordOf(review);
  if (version !== apiVersion || of !== kind) throw new TypeError(`it is no ${kind} of ${apiVersion}`);
  if (!isRecord(request)) throw new TypeError("it has no request");
  const { object } = request;
  const [uid, namespace] = [textOf(request["uid"]), textOf(request["namespace"])];
  if (uid === undefined || uid === "") throw new TypeError("its request has no uid");
  if (!isMadePod(request)) return { uid, namespace: "", pod: {}, foreign: true };
  if (!isRecord(object)) throw new TypeError("its request has no object");
  if (namespace === undefined) throw new TypeError("its request has no namespace");
  return { uid, namespace, pod: object, foreign: false };
}

function answer(uid: string, outcome: ReviewOutcome, more: JsonRecord = {}): ReviewAnswer {
  return { outcome, body: { apiVersion, kind, response: { uid, allowed: true, ...more } } };
}

/**
 * Answers an AdmissionReview (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/)
 * with the patch by which the pod has its role. `around` gives what stands around a pod of this namespace and
 * ServiceAccount. Reads, and writes nothing: a dry run is as good as any. Throws a TypeError for what is no review.
 */
export async function answerReview(
  review: unknown,
  around: (namespace: string, account: string) => Promise<Surroundings>,
): Promise<ReviewAnswer> {
  const { uid, namespace, pod, foreign } = askedOf(review);
  if (foreign) return answer(uid, "untouched");
  const account = textOf(recordOf(pod["spec"])["serviceAccountName"]) ?? "default";
  const result = inject(pod, await around(namespace, account));
  if (result.outcome === "untouched") return answer(uid, "untouched");
  const told = injectionWarnings(result);
  const warnings = told.length === 0 ? {} : { warnings: told };
  const patch = injectionPatch(pod, result.pod);
  if (patch.length === 0) return answer(uid, "unchanged", warnings);
  const encoded = Buffer.from(JSON.stringify(patch)).toString("base64");
  return answer(uid, "injected", { patchType: "JSONPatch", patch: encoded, ...warnings });
}
