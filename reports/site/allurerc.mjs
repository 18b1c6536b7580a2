// How the report looks, and what the quality gate refuses. The reader has one minute: what is violated comes first,
// every colour has one meaning, and nothing is shown that says nothing.

// render.py sets this to a private copy of the history, so that two runs at once are safe.
const historyPath = process.env.REPORT_HISTORY || undefined;

const verdict = (verdict) => ({ labels: { verdict } });
const change = (change, ...statuses) => ({ statuses, labels: { change } });
const byRequirement = { groupBy: [{ label: "story" }], groupByMessage: false, expand: true };
const byHistory = { groupBy: [{ label: "history" }, { label: "story" }], groupByMessage: false, expand: true };

// The exit code is 1 where a result failed, and 6 where one that gates could not be told, or was not run.
const gates = ({ status, labels }) =>
  status === "failed" || !labels.some(({ name, value }) => name === "severity" && value === "minor");

const rule = (rule, sentence, validate) => ({
  rule,
  message: ({ actual }) => sentence(actual),
  successMessage: () => "Nothing.",
  validate: async (given) => {
    const { actual, testResults = [] } = validate(given);
    return { success: actual === 0, actual, testResults };
  },
});
const wasRun = ({ labels }) => !labels.some(({ name, value }) => name === "verdict" && value === "not run");
const those = (wanted) => ({ trs }) => {
  const found = trs.filter(wanted).map(({ id }) => id);
  return { actual: found.length, testResults: found };
};
const counted = (key) => ({ metrics }) => ({
  actual: metrics.filter((metric) => metric.key === key).reduce((sum, { value }) => sum + value, 0),
});

export default {
  name: "Propexo contract conformance",
  historyPath,
  historyLimit: 30,
  // Facts about the machine and the test code. What is hidden cannot be matched by a category.
  hideLabels: ["framework", "host", "language", "package", "parentSuite", "subSuite", "suite", "tag", "thread"],
  // The first match wins.
  categories: [
    { name: "New: violated since this run", matchers: change("new", "failed"), ...byRequirement },
    { name: "Known issue that is no longer violated", matchers: { statuses: ["failed", "broken"], ...verdict("held") }, expand: true },
    { name: "Known issue that has expired", matchers: change("expired", "failed"), ...byHistory },
    { name: "Still violated", matchers: change("still open", "failed"), ...byHistory },
    { name: "Contract violated", matchers: { statuses: ["failed"] }, ...byRequirement },
    { name: "Not run", matchers: verdict("not run"), groupBy: [{ label: "story" }], groupByMessage: false },
    { name: "The suite failed", matchers: verdict("suite failed"), expand: true },
    { name: "Could not tell", matchers: { statuses: ["broken"] } },
    { name: "Gone: held again since this run", matchers: { statuses: ["passed"], transitions: ["fixed"] }, ...byRequirement },
    { name: "Known issue", matchers: change("known", "skipped"), ...byHistory },
    { name: "Recommendation not met", matchers: verdict("not met"), groupBy: [{ label: "story" }], groupByMessage: false },
    { name: "Not reached in this budget", matchers: verdict("not reached"), groupBy: [{ label: "story" }], groupByMessage: false },
    { name: "Not applicable", matchers: { statuses: ["skipped"] } },
  ],
  qualityGate: {
    use: [
      rule("violated", (count) => `${count} violated`, those(({ status }) => status === "failed")),
      rule("undecided", (count) => `${count} could not be told`, those((tr) => tr.status === "broken" && wasRun(tr))),
      rule("unrun", (count) => `${count} not run`, those((tr) => !wasRun(tr))),
      rule("complaints", (count) => `${count} against the run as a whole: see Global Errors`, counted("complaints")),
    ],
    rules: [{ filter: gates, violated: 0, undecided: 0, unrun: 0, complaints: 0 }],
  },
  performance: {
    groups: { seen: { title: "What was looked at" }, trust: { title: "Can I believe it" }, found: { title: "What was found" } },
    metrics: {
      exercised: { title: "Requirements decided", unit: "", better: "higher", group: "seen" },
      decisions: { title: "Requests that reached a decision", unit: "", better: "higher", group: "seen" },
      requests: { title: "Requests sent", unit: "", better: "lower", group: "seen" },
      noticed: { title: "Seeded defects noticed", unit: "%", better: "higher", group: "trust" },
      findings: { title: "Findings", unit: "", better: "lower", group: "found" },
      complaints: { title: "Complaints about the run as a whole", unit: "", better: "lower", group: "found" },
    },
  },
  plugins: {
    awesome: {
      options: {
        singleFile: true,
        reportLanguage: "en",
        groupBy: ["epic", "feature", "story"], // API, group, requirement
        defaultSortBy: "status,asc", // violated, then could not tell
        stepTreeExpansion: "expanded",
        sections: ["charts", "metrics"],
        // Allure's other charts speak of durations and test layers, or paint "skipped" red.
        charts: [
          { type: "currentStatus", title: "This run" },
          ...(historyPath
            ? [
                { type: "statusDynamics", title: "Run by run" },
                { type: "statusTransitions", title: "What became worse and better, run by run" },
              ]
            : []),
        ],
        // The timeline would name the machine and its processes.
        timeline: { minDuration: Number.MAX_SAFE_INTEGER },
      },
    },
  },
};
