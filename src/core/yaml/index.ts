export type { Position, YamlBounds, YamlProblem, YamlStreamBounds } from "./bounds.ts";
export { readYaml, readYamlStream, type YamlDocument } from "./read.ts";
export { yaml11Text, yamlText } from "./write.ts";
