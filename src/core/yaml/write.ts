import { stringify } from "yaml";

/** An object as one YAML document, each value written out where it stands. */
export function yamlText(value: object): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
