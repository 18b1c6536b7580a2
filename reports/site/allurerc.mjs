// Settings of the Allure report and its quality gate. The reader has one minute: violations come first, every colour
// has one meaning, and what carries no information is left out.

// render.py sets this to a private copy of the history, so that parallel runs are safe.
const historyPath = process.env.REPORT_HISTORY || undefined;

const verdict = (verdict) => ({ labels: { verdict } });
const change = (change, ...statuses) => ({ statuses, labels: { change } });
const byRequirement = { groupBy: [{ label: "story" }], groupByMessage: false, expand: true };
const byHistory = { groupBy: [{ label: "history" }, { label: "story" }], groupByMessage: false, expand: true };

// The exit code is 1 if a result failed, and 6 if a gating one is undecided or was not run.
const gates = ({ status, labels }) =>
  status === "failed" || !labels.some(({ name, value }) => name === "severity" && value === "minor");

// The page shows a rule as a heading, above the number of checks that break it.
const VIOLATED = "Violated checks that can fail the run";
const UNDECIDED = "Undecided checks that can fail the run";
const NOT_RUN = "Checks that can fail the run and were not run";
const RUN_ERRORS = "Errors of the run as a whole";

const rule = (rule, sentence, validate) => ({
  rule,
  message: ({ actual }) => sentence(actual),
  successMessage: () => "None.",
  validate: async (state) => {
    const { actual, testResults = [] } = validate(state);
    return { success: actual === 0, actual, testResults };
  },
});
const wasRun = ({ labels }) => !labels.some(({ name, value }) => name === "verdict" && value === "not run");
const select = (wanted) => ({ trs }) => {
  const found = trs.filter(wanted).map(({ id }) => id);
  return { actual: found.length, testResults: found };
};
const metricSum = (key) => ({ metrics }) => ({
  actual: metrics.filter((metric) => metric.key === key).reduce((sum, { value }) => sum + value, 0),
});

export default {
  name: "Propexo contract conformance",
  historyPath,
  historyLimit: 30,
  // Facts about the machine and the test code. A category cannot match a hidden label.
  hideLabels: ["framework", "host", "language", "package", "parentSuite", "subSuite", "suite", "tag", "thread"],
  // The first match wins.
  categories: [
    { name: "New violation", matchers: change("new", "failed"), ...byRequirement },
    { name: "Known issue that is no longer violated", matchers: { statuses: ["failed", "broken"], ...verdict("held") }, expand: true },
    { name: "Expired known issue", matchers: change("expired", "failed"), ...byHistory },
    { name: "Still violated", matchers: change("still open", "failed"), ...byHistory },
    { name: "Contract violated", matchers: { statuses: ["failed"] }, ...byRequirement },
    { name: "Not run", matchers: verdict("not run"), groupBy: [{ label: "story" }], groupByMessage: false },
    { name: "Suite failed", matchers: verdict("suite failed"), expand: true },
    { name: "Could not tell", matchers: { statuses: ["broken"] } },
    { name: "Gone: holds again in this run", matchers: { statuses: ["passed"], transitions: ["fixed"] }, ...byRequirement },
    { name: "Follows from another violation", matchers: verdict("follows from another"), ...byRequirement },
    { name: "Known issue", matchers: change("known", "skipped"), ...byHistory },
    { name: "Recommendation not met", matchers: verdict("not met"), groupBy: [{ label: "story" }], groupByMessage: false },
    { name: "Not reached in this budget", matchers: verdict("not reached"), groupBy: [{ label: "story" }], groupByMessage: false },
    { name: "Not applicable", matchers: { statuses: ["skipped"] } },
  ],
  qualityGate: {
    use: [
      rule(VIOLATED, (count) => `${count} violated`, select(({ status }) => status === "failed")),
      rule(UNDECIDED, (count) => `${count} undecided`, select((tr) => tr.status === "broken" && wasRun(tr))),
      rule(NOT_RUN, (count) => `${count} not run`, select((tr) => !wasRun(tr))),
      rule(RUN_ERRORS, (count) => `${count} at run level: see Global Errors`, metricSum("complaints")),
    ],
    rules: [{ filter: gates, [VIOLATED]: 0, [UNDECIDED]: 0, [NOT_RUN]: 0, [RUN_ERRORS]: 0 }],
  },
  performance: {
    groups: { seen: { title: "Coverage" }, trust: { title: "Evidence" }, found: { title: "Findings" } },
    metrics: {
      exercised: { title: "Requirements decided", unit: "", better: "higher", group: "seen" },
      decisions: { title: "Decisions", unit: "", better: "higher", group: "seen" },
      requests: { title: "Requests sent", unit: "", better: "lower", group: "seen" },
      noticed: { title: "Seeded defects detected", unit: "%", better: "higher", group: "trust" },
      causes: { title: "Causes", unit: "", better: "lower", group: "found" },
      findings: { title: "Findings", unit: "", better: "lower", group: "found" },
      complaints: { title: "Run-level errors", unit: "", better: "lower", group: "found" },
    },
  },
  plugins: {
    awesome: {
      options: {
        singleFile: true,
        reportLanguage: "en",
        groupBy: ["epic", "feature", "story"], // API, group, requirement
        defaultSortBy: "status,asc", // violated first, then undecided
        stepTreeExpansion: "expanded",
        sections: [...(historyPath ? ["charts"] : []), "metrics"],
        // Allure's other charts show durations, test layers or a rate of success, or paint "skipped" red.
        charts: historyPath
          ? [
              { type: "statusDynamics", title: "Run by run" },
              { type: "statusTransitions", title: "Regressions and fixes, run by run" },
            ]
          : [],
        // The timeline would name the machine and its processes.
        timeline: { minDuration: Number.MAX_SAFE_INTEGER },
      },
    },
  },
};
