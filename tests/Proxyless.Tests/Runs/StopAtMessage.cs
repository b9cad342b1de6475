namespace Proxyless.Tests.Runs;

/// <summary>Stops a run when it says something.</summary>
/// <param name="words">A part of what it says.</param>
/// <param name="token">Is cancelled.</param>
internal sealed class StopAtMessage(string words, CancellationTokenSource token) : IRunObserver
{
    public void Progress(RunProgress progress) { }

    public void Message(string text)
    {
        if (text.Contains(words, StringComparison.Ordinal))
        {
            token.Cancel();
        }
    }

    public void Warning(string text) { }
}
