import { type PodtrustError, recordsOf, textOf } from "../../core/base/index.ts";
import { apiError, type ApiVendor, invalidAnswer as invalid, isRefusedWith } from "../../core/http/index.ts";

/** Google's APIs (https://cloud.google.com/apis/design/errors). */
export const google: ApiVendor<"Google"> = {
  title: "Google",
  tokenService: "Google",
  mayRepeat: ({ method, path }) => method === "GET" || (method === "POST" && path.endsWith(":getIamPolicy")),
  // A project's quota of writes is counted by the minute (IAM, "Quotas and limits").
  throttled: { delays: [1000, 2000, 5000, 10_000, 20_000], giveUpAfter: 180_000, maxPauseMs: 60_000 },
  maxAnswer: 8 * 1024 * 1024,
  hasEmptyAnswers: false,
  leavesOutEmptyLists: true,
  nextPage({ nextPageToken: mark }) {
    return typeof mark === "string" && mark !== "" ? ["pageToken", mark] : undefined;
  },
  readError({ status, details }) {
    // google.rpc.RetryInfo: `30s`.
    const delays = recordsOf(details).map(({ retryDelay }) => textOf(retryDelay));
    const seconds = delays.find((one) => one !== undefined)?.replace(/s$/u, "");
    return { code: status, seconds };
  },
  detail: "googleStatus",
  codes: {
    credentials: "gcp-credentials-refused",
    denied: "gcp-denied",
    invalid: "gcp-answer-invalid",
    refused: "gcp-refused",
    throttled: "gcp-throttled",
    unavailable: "gcp-unavailable",
    unreachable: "gcp-unreachable",
  },
};

/** Whether the thing that was asked for does not exist. */
export const isNotFound = (thrown: unknown): boolean => isRefusedWith(thrown, 404);

/** Whether another writer was faster: the id exists already, or the policy has changed since it was read. */
export const isConflict = (thrown: unknown): boolean => isRefusedWith(thrown, 409);

/** A failure of a call as a person meets it. `what`: `creating the pool prod`. */
export const googleError = (thrown: unknown, what: string): unknown => apiError(google, thrown, what);

/** The error of an answer whose content is not of the documented form. */
export const invalidAnswer = (what: string, fault: string): PodtrustError => invalid(google, what, fault);
