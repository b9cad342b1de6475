namespace Proxyless.Tests.Runs;

/// <summary>Interrupts a stage once a share of it is done.</summary>
internal sealed class StopAt(string stage, double share, CancellationTokenSource source) : IRunObserver
{
    public TimeSpan ProgressInterval => TimeSpan.Zero;

    public void Progress(RunProgress progress)
    {
        if (progress.Stage == stage && progress.Done >= share * progress.Total)
        {
            source.Cancel();
        }
    }

    public void Message(string text) { }

    public void Warning(string text) { }
}
