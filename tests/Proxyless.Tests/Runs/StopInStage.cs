namespace Proxyless.Tests.Runs;

/// <summary>Stops a job in a stage.</summary>
/// <param name="stage">The stage's name in progress reports.</param>
/// <param name="token">Is canceled.</param>
internal sealed class StopInStage(string stage, CancellationTokenSource token) : IProgress<RunProgress>
{
    public void Report(RunProgress value)
    {
        if (value.Stage == stage)
        {
            token.Cancel();
        }
    }
}
