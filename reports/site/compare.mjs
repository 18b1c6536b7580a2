// Compares pairs of OpenAPI documents with api-smart-diff: reads a JSON list of [before, after], writes a JSON list of
// the differences of each pair.
import { readFileSync, writeFileSync } from "node:fs";
import { apiCompare } from "api-smart-diff";

const [input, output] = process.argv.slice(2);
const pairs = JSON.parse(readFileSync(input, "utf8"));
const found = pairs.map(([before, after]) => apiCompare(before, after).diffs);
writeFileSync(output, JSON.stringify(found));
