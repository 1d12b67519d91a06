import { googleForms } from "../../oidc/index.ts";
import type { TextField } from "../schema/field.ts";

const { account, definedEmail: address, project } = googleForms;
const maxLength = 180;

/** The address of a service account of Google. */
export const email: TextField = {
  type: "string",
  pattern: `^${address}$`,
  maxLength,
  description: "The address of a service account of Google.",
};

/** An address, or the beginning of some of one project before a `*`: no pattern reaches into another project. */
export const emailPattern: TextField = {
  type: "string",
  pattern: `^(${address}|(${account})?\\*@${project}\\.iam\\.gserviceaccount\\.com)$`,
  maxLength,
  description:
    "The address of a service account of Google; a * before the @ stands for any rest of the name.",
};

/** Whether an address fits a pattern. */
export function fitsEmail(pattern: string, value: string): boolean {
  const star = pattern.indexOf("*");
  if (star === -1) return value === pattern;
  return value.startsWith(pattern.slice(0, star)) && value.endsWith(pattern.slice(star + 1));
}

/** The same as CEL: `pattern` and `value` are expressions. */
export function fitsEmailCel(pattern: string, value: string): string {
  const star = `${pattern}.indexOf('*')`;
  const around = `${value}.startsWith(${pattern}.substring(0, ${star})) && ${value}.endsWith(${pattern}.substring(${star} + 1))`;
  return `(${pattern}.contains('*') ? ${around} : ${value} == ${pattern})`;
}
