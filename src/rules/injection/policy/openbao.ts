import {
  openbaoAnnotations,
  openbaoExpiration,
  openbaoPatterns,
  openbaoMount,
  openbaoVariables,
} from "../openbao.ts";
import { fileIn } from "../mount-paths.ts";
import { limits } from "../patterns.ts";
import { expirationVariables } from "./annotation-variables.ts";
import { enclosed, fits, literal } from "./cel.ts";
import { sourceType, tokenSource } from "./operations.ts";
import { isNotWindows, type PodPolicy, type TokenPolicy } from "./token-policy.ts";

const { volume, folder, token, ca } = openbaoMount;

const said = (key: keyof typeof openbaoAnnotations): string =>
  `object.metadata.?annotations[?${literal(openbaoAnnotations[key])}].orValue("")`;

/** Whether an annotation's value fits: one that is too long for every pattern is not compared with it. */
const isFitting = (key: keyof typeof openbaoPatterns): string =>
  `size(${said(key)}) <= ${limits.maxValue} && ${fits(said(key), openbaoPatterns[key])}`;

/** An annotation's value where it fits, else another. */
function fitting(key: keyof typeof openbaoPatterns, otherwise: string): string {
  return `${isFitting(key)}\n  ? ${said(key)} : ${otherwise}`;
}

const certificateType = `${sourceType}.configMap`;
const certificate = enclosed(
  `${sourceType}{configMap: ${certificateType}{`,
  [
    "name: variables.caConfigMap",
    `items: [${certificateType}.items{key: ${literal(ca)}, path: ${literal(ca)}}]`,
  ],
  "}}",
);
const hasCa = 'variables.caConfigMap != ""';

/** What `injectOpenBao` does, in expressions. */
const policy: TokenPolicy = {
  name: "podtrust-openbao",
  // The only cost for pods that do not match.
  matchConditions: [
    {
      name: "asks-for-openbao",
      expression: `${isFitting("address")}\n  && ${isNotWindows}`,
    },
  ],
  variables: [
    { name: "address", expression: said("address") },
    { name: "audience", expression: fitting("audience", "variables.address") },
    { name: "caConfigMap", expression: fitting("ca-config-map", '""') },
    ...expirationVariables(said("token-expiration"), openbaoExpiration),
  ],
  volume,
  folder,
  sources: [
    { condition: `!(${hasCa})`, sources: [tokenSource(token)] },
    { condition: hasCa, sources: [tokenSource(token), certificate] },
  ],
  groups: {
    address: { names: openbaoVariables.address, value: "variables.address", isFile: false },
    ca: { names: openbaoVariables.ca, value: literal(fileIn(folder, ca)), condition: hasCa, isFile: true },
    token: { names: openbaoVariables.token, value: literal(fileIn(folder, token)), isFile: true },
  },
};

/** It reads nothing but the pod, and any other pod costs one comparison. */
export const openbaoPolicy: PodPolicy = {
  asksBy: [openbaoAnnotations.address, "https://bao.example.com:8200"],
  token: policy,
};
