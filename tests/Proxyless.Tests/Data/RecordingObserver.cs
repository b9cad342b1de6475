namespace Proxyless.Tests.Data;

/// <summary>Keeps what it is told.</summary>
internal sealed class RecordingObserver : IRunObserver
{
    public List<string> Warnings { get; } = [];

    public List<string> Messages { get; } = [];

    public void Progress(RunProgress progress) { }

    public void Message(string text) => Messages.Add(text);

    public void Warning(string text) => Warnings.Add(text);
}
