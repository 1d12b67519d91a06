import type { FrontSite } from "../front/index.ts";
import { answerCall, type Answering } from "./answer.ts";

/** Google's hosts, each with the service that answers there. */
const services: Readonly<Record<string, string>> = {
  "sts.googleapis.com": "sts",
  "oauth2.googleapis.com": "oauth2",
  "iam.googleapis.com": "iam",
  "iamcredentials.googleapis.com": "iamcredentials",
  "secretmanager.googleapis.com": "secretmanager",
  "cloudresourcemanager.googleapis.com": "cloudresourcemanager",
};

/** The hosts of Google's that the stand-in speaks for, behind a front. `closing` ends requests in progress. */
export function googleSite(answering: Answering, closing: AbortSignal): FrontSite {
  return {
    hosts: Object.keys(services),
    answer({ host, method, url, headers, body }) {
      const { [host]: service = "" } = services;
      return answerCall({ method, url, headers, body, signal: closing, service }, answering);
    },
  };
}
