using Microsoft.Extensions.Logging;
using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class RunObserverTests
{
    [Fact]
    public void Progress_messages_and_warnings_go_where_they_are_given()
    {
        var log = new Recorder();
        var observer = new RunObserver(log, log);
        var progress = new RunProgress("train", 1, 2, null, "loss 1");

        observer.Progress(progress);
        observer.Message("found {1}");
        observer.Warning("too few");

        Assert.Same(progress, Assert.Single(log.Reports));
        Assert.Equal([(LogLevel.Information, "found {1}"), (LogLevel.Warning, "too few")], log.Lines);
    }

    [Fact]
    public void Both_are_optional()
    {
        var observer = new RunObserver();

        observer.Progress(new RunProgress("train", 1, 2, null, ""));
        observer.Message("a");
        observer.Warning("b");
    }

    private sealed class Recorder : ILogger, IProgress<RunProgress>
    {
        public List<RunProgress> Reports { get; } = [];

        public List<(LogLevel Level, string Text)> Lines { get; } = [];

        public void Report(RunProgress value) => Reports.Add(value);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Lines.Add((logLevel, formatter(state, exception)));
    }
}
