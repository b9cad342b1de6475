namespace Proxyless.Tests.Runs;

/// <summary>Keeps the stages of a job that came to their end.</summary>
internal sealed class EndedStages : IProgress<RunProgress>
{
    public List<string> Ended { get; } = [];

    public void Report(RunProgress value)
    {
        if (value.Done == value.Total)
        {
            Ended.Add(value.Stage);
        }
    }
}
