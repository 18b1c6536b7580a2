// Reads results once, applies the quality gate, and writes the report: `allure generate` and `allure quality-gate`
// in one, so that the report shows the gate's result. The last line printed is a JSON list of failed rules.
import { AllureReport, readConfig } from "@allurereport/core";

const [results, output, name] = process.argv.slice(2);
const config = await readConfig(import.meta.dirname, "allurerc.mjs", { output, ...(name ? { name } : {}) });
const report = new AllureReport(config);
await report.start();
await report.readDirectory(results);
const trs = await report.store.allTestResults({ includeRetries: false });
const { results: judged } = await report.validate({ trs });
report.realtimeDispatcher.sendQualityGateResults(judged);
await report.done();
console.log(JSON.stringify(judged.filter(({ success }) => !success).map(({ message }) => message)));
