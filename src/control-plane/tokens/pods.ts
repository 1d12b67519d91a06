import type { JsonRecord } from "../../core/base/index.ts";
import { type ListReader, objectPages, type PageLimit, type Pages } from "./pages.ts";

/** What is kept of every pod, for the tokens that it holds. Throws `cluster-*`. */
export function readPods<T>(
  api: ListReader,
  keep: (pod: JsonRecord) => T | undefined,
  limit: PageLimit,
): Promise<Pages<T>> {
  return objectPages(
    api,
    { path: "/api/v1/pods", what: "see which tokens pods hold", right: "list pods", keep },
    limit,
  );
}
