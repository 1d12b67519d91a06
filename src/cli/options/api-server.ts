import { PodtrustError } from "../../core/base/index.ts";

/** An API server's own address: `https://10.0.0.2:6443`. Throws `usage`. */
export function apiServerUrl(option: string, text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === "https:" && (text === url.origin || text === `${url.origin}/`)) return url.origin;
  throw new PodtrustError("usage", `${option} ${text} is no address of an API server`, {
    next: "Give one such as https://10.0.0.2:6443.",
  });
}
