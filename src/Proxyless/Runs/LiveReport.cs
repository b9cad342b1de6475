using System.Diagnostics;
using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Reports;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>Writes <c>report.html</c> while a run goes on, after an epoch and at most every few seconds.</summary>
/// <param name="context">The common context of all stages.</param>
/// <param name="store">The run.</param>
/// <param name="table">The latency table of its target.</param>
/// <param name="limitMs">The limit in milliseconds.</param>
internal sealed class LiveReport(RunContext context, RunStore store, LatencyTable table, double limitMs)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private long? _written;
    private RunReportData? _found;

    /// <summary>An epoch of the search has ended.</summary>
    /// <param name="log">The epochs so far.</param>
    /// <param name="steps">The steps of the whole search.</param>
    public void SearchEpochEnded(IReadOnlyList<SearchEpoch> log, long steps)
    {
        ArgumentNullException.ThrowIfNull(log);
        if (log is [.., { } last])
        {
            Write(() =>
                ReportStage.DataOf(context, store, table, MostProbable(last), log) with
                {
                    LatencyLimitMs = limitMs,
                    Status = StatusOf(Invariant($"Searching: step {last.Step:N0} of {steps:N0}")),
                }
            );
        }
    }

    /// <summary>The search for several limits has ended; the networks of the limits have pages of their own.</summary>
    /// <param name="log">The epochs.</param>
    public void SearchEnded(IReadOnlyList<SearchEpoch> log)
    {
        ArgumentNullException.ThrowIfNull(log);
        if (log is [.., { } last])
        {
            _written = null;
            Write(() =>
                ReportStage.DataOf(context, store, table, MostProbable(last), log) with
                {
                    LatencyLimitMs = limitMs,
                    Status =
                        "The search has ended. The network of each limit has a page in the folder of the limit, and "
                        + "this page shows all of them at the end of the run.",
                }
            );
        }
    }

    /// <summary>An epoch of the training has ended.</summary>
    /// <param name="derived">The network.</param>
    /// <param name="log">The epochs so far.</param>
    public void TrainingEpochEnded(DerivedNetwork derived, IReadOnlyList<TrainingCurvePoint> log)
    {
        ArgumentNullException.ThrowIfNull(derived);
        ArgumentNullException.ThrowIfNull(log);
        Write(() =>
            (_found ??= ReportStage.DataOf(context, store, table, derived)) with
            {
                Training = [.. log],
                Warnings = context.Observer.Warnings,
                Status = StatusOf(Invariant($"Training: {log.Count:N0} epochs are done")),
            }
        );
    }

    private string StatusOf(string stage) =>
        Invariant($"{stage} ({DateTimeOffset.UtcNow:yyyy-MM-dd HH:mm:ss} UTC). This page is written anew after each ")
        + context.Observer.Wording("epoch. If the run was stopped, RunOptions.Resume continues it.");

    private Architecture MostProbable(SearchEpoch epoch) =>
        context.Space.Architecture(
            [.. epoch.Probabilities.Select(block => Array.IndexOf(block, block.Max()))],
            context.Classes,
            "most probable so far"
        );

    private void Write(Func<RunReportData> data)
    {
        if (_written is { } before && Stopwatch.GetElapsedTime(before) < Interval)
        {
            return;
        }

        // That it has gone is for the next checkpoint to say.
        if (!Directory.Exists(store.Directory.Root))
        {
            return;
        }

        try
        {
            RunReport.WriteHtml(store.Directory.Report, data());
        }
        catch (Exception exception) when (exception is ProxylessException or IOException or UnauthorizedAccessException)
        {
            // A page is not worth a run: if the disk is full, or a file is damaged, something else says so.
        }

        _written = Stopwatch.GetTimestamp();
    }
}
