import {
  credentialText,
  googleAnnotations,
  googleAsking,
  googleAudience,
  googleExpiration,
  googleMount,
  googleProject,
  googleSeparator,
  googleVariables,
} from "../gcp.ts";
import { fileIn } from "../mount-paths.ts";
import { asked, expirationVariables, fitting, skippedVariable } from "./annotation-variables.ts";
import { concatenated, fits, literal } from "./cel.ts";
import { annotationSource, tokenSource } from "./operations.ts";
import { isTooLong } from "./parameters.ts";
import type { PartyPolicy } from "./token-policy.ts";

const [provider, email] = [asked("workload-identity-provider"), asked("service-account-email")];

/** Neither occurs in a credential file otherwise. */
const [providerMark, emailMark] = ["<provider>", "<email>"];

/** The credential file of `credentialText`, of expressions in place of its two texts. */
function credentials(marked: string): string {
  const expressions: Readonly<Record<string, string>> = { [providerMark]: provider, [emailMark]: email };
  const parts = marked.split(/(<\w+>)/u).map((part) => expressions[part] ?? literal(part));
  return concatenated(...parts);
}

const { pattern, behind } = googleProject;
const behindAt = `${email}.indexOf("@") + 1`;
const project = `${fits(email, pattern)} ? ${email}.substring(${behindAt}, size(${email}) - ${behind.length}) : ""`;

/** What `injectGoogle` does, in expressions. */
export const googlePolicy: PartyPolicy = {
  asking: googleAsking,
  token: {
    name: "podtrust-gcp",
    matchConditions: [],
    variables: [
      {
        name: "audience",
        expression: fitting(googleAnnotations, "audience", `${literal(googleAudience)} + ${provider}`),
      },
      ...expirationVariables(asked("token-expiration"), googleExpiration),
      skippedVariable(googleAnnotations, googleSeparator),
      { name: "project", expression: project },
      {
        name: "isWhole",
        comment: "Whether the credential file can be made of what is asked for.",
        expression:
          fits(provider, googleAnnotations["workload-identity-provider"].pattern) +
          // Without an address that it asks for a pod would be another principal.
          `\n  && !(${isTooLong(googleAnnotations["service-account-email"].key)})` +
          `\n  && (${email} == "" || ${fits(email, googleAnnotations["service-account-email"].pattern)})`,
      },
      {
        name: "credentials",
        comment: "The credential configuration file; without an address no service account is impersonated.",
        expression: `${email} == ""\n? ${credentials(credentialText(providerMark, ""))}\n: ${credentials(credentialText(providerMark, emailMark))}`,
      },
    ],
    volume: googleMount.volume,
    folder: googleMount.folder,
    sources: [
      {
        sources: [tokenSource(googleMount.token), annotationSource(googleMount.annotation, googleMount.file)],
      },
    ],
    groups: {
      file: {
        names: googleVariables.file,
        value: literal(fileIn(googleMount.folder, googleMount.file)),
        isFile: true,
      },
      project: {
        names: googleVariables.project,
        value: "variables.project",
        condition: 'variables.project != ""',
        isFile: false,
      },
    },
    skipped: "variables.skipped",
    annotation: { key: googleMount.annotation, value: "variables.credentials" },
    guard: "variables.isWhole",
  },
};
