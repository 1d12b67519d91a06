import { type JsonRecord, PodtrustError, textOf } from "../../../core/base/index.ts";

const maxMember = 8192;

/** A text that a file of credentials must have. Throws `gcp-credentials-invalid`, which never repeats it. */
export function requiredMember(file: JsonRecord, name: string): string {
  const text = textOf(file[name]) ?? "";
  if (text !== "" && text.length <= maxMember) return text;
  throw new PodtrustError("gcp-credentials-invalid", `the file of credentials has no text ${name}`, {
    detail: { member: name },
  });
}

/** The same, checked for its form. */
export function neededText(file: JsonRecord, name: string, form: RegExp): string {
  const text = requiredMember(file, name);
  if (form.test(text)) return text;
  throw new PodtrustError("gcp-credentials-invalid", `${name} in the file of credentials has another form`, {
    detail: { member: name },
  });
}
