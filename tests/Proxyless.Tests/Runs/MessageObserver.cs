namespace Proxyless.Tests.Runs;

/// <summary>Does something with each message.</summary>
/// <param name="message">Is called with its text.</param>
internal sealed class MessageObserver(Action<string> message) : IRunObserver
{
    /// <summary>Stops a job at a message.</summary>
    /// <param name="isIt">Whether it is the one.</param>
    /// <param name="source">Is canceled.</param>
    public static MessageObserver StopAt(Predicate<string> isIt, CancellationTokenSource source) =>
        new(text =>
        {
            if (isIt(text))
            {
                source.Cancel();
            }
        });

    public void Progress(RunProgress progress) { }

    public void Message(string text) => message(text);

    public void Warning(string text) { }
}
