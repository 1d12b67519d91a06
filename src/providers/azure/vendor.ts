import { type PodtrustError, textOf } from "../../core/base/index.ts";
import {
  apiError,
  type ApiRefusal,
  type ApiVendor,
  invalidAnswer as invalid,
  isRefusedWith,
} from "../../core/http/index.ts";

/** What has to exist before podtrust: the places of our resources, not the resources themselves. */
const absentPlaces = ["ResourceGroupNotFound", "SubscriptionNotFound"];

const isPlaceAbsent = ({ code }: ApiRefusal): boolean => absentPlaces.includes(code);

/** Azure Resource Manager and Microsoft Graph. */
export const azure: ApiVendor<"Azure"> = {
  title: "Azure",
  tokenService: "Entra",
  mayRepeat: ({ method }) => method === "GET",
  // Its limits are by the second, and an identity's writes are few: a throttled request passes soon ("Understand how
  // Azure Resource Manager throttles requests").
  throttled: { delays: [4000, 8000, 15_000, 30_000], giveUpAfter: 300_000, maxPauseMs: 120_000 },
  maxAnswer: 4 * 1024 * 1024,
  hasEmptyAnswers: true,
  leavesOutEmptyLists: false,
  // The answer gives the address of the next page: only the page's mark of it is used, so that no token goes elsewhere.
  nextPage(answer, what) {
    const link = textOf(answer["nextLink"]) ?? textOf(answer["@odata.nextLink"]) ?? "";
    if (link === "") return undefined;
    const marks = [...(URL.parse(link)?.searchParams ?? [])];
    const found = marks.find(([name]) => /^\$skiptoken$/iu.test(name));
    if (found === undefined) throw invalidAnswer(what, "it does not say which page is next");
    return found;
  },
  readError: ({ code }) => ({ code }),
  detail: "azureCode",
  codeOf: (refusal) => (isPlaceAbsent(refusal) ? "azure-group-absent" : undefined),
  codes: {
    credentials: "azure-credentials-refused",
    denied: "azure-denied",
    invalid: "azure-answer-invalid",
    refused: "azure-refused",
    throttled: "azure-throttled",
    unavailable: "azure-unavailable",
    unreachable: "azure-unreachable",
  },
};

/** Milliseconds from a write of one identity to the next ("important considerations", throttling). */
export const identityPaceMs = 4000;

/** Whether the thing that was asked for, or the identity or application that it belongs to, does not exist. */
export function isNotFound(thrown: unknown): boolean {
  return isRefusedWith(thrown, 404) && !isPlaceAbsent(thrown);
}

/** Whether another write of the same identity or application is under way. */
export const isConflict = (thrown: unknown): boolean => isRefusedWith(thrown, 409);

/** A failure of a call as a person meets it. `what`: `making the identity web`. */
export const azureError = (thrown: unknown, what: string): unknown => apiError(azure, thrown, what);

/** The error of an answer whose content is not of the documented form. */
export const invalidAnswer = (what: string, fault: string): PodtrustError => invalid(azure, what, fault);
