import { defined, type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { PodFacts, TokenSource } from "../../rules/adoption/index.ts";

// What the API server fills in where a volume asks for no time.
const defaultSeconds = 3600;

/** The `serviceAccountToken` sources of a pod's projected volumes. */
function tokensOf(spec: JsonRecord): readonly TokenSource[] {
  return recordsOf(spec["volumes"])
    .flatMap((volume) => recordsOf(recordOf(volume["projected"])["sources"]))
    .filter((source) => source["serviceAccountToken"] !== undefined)
    .map((source) => {
      const { audience, expirationSeconds } = recordOf(source["serviceAccountToken"]);
      const said = textOf(audience) ?? "";
      return {
        ...(said === "" ? {} : { audience: said }),
        expirationSeconds: typeof expirationSeconds === "number" ? expirationSeconds : defaultSeconds,
      };
    });
}

/** When the kubelet took the pod up; a static pod and one that waits have no such time. */
function startOf(status: JsonRecord): number | undefined {
  const at = Date.parse(textOf(status["startTime"]) ?? "");
  return Number.isNaN(at) ? undefined : at;
}

/** A pod that may hold tokens; undefined for one that has none, or has ended. */
export function podFacts(object: JsonRecord): PodFacts | undefined {
  const [metadata, spec, status] = [
    recordOf(object["metadata"]),
    recordOf(object["spec"]),
    recordOf(object["status"]),
  ];
  const tokens = tokensOf(spec);
  if (tokens.length === 0 || status["phase"] === "Succeeded" || status["phase"] === "Failed")
    return undefined;
  return {
    namespace: textOf(metadata["namespace"]) ?? "",
    name: textOf(metadata["name"]) ?? "",
    serviceAccount: textOf(spec["serviceAccountName"]) ?? "default",
    ...defined({ startedAt: startOf(status) }),
    tokens,
  };
}
