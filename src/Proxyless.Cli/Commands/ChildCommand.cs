using System.Diagnostics;
using System.Text.Json;
using Proxyless.Cli.Output;
using Proxyless.Measurement;

namespace Proxyless.Cli.Commands;

/// <summary>Runs a command of this program in a separate process and reads its JSON.</summary>
internal static class ChildCommand
{
    // What a child's observer begins a warning with.
    private const string Warning = "warning: ";

    /// <summary>Runs the command to its end; its standard error goes to the observer.</summary>
    /// <param name="arguments">The words after the program's name; <c>--json</c> is added.</param>
    /// <param name="session">Receives its reports, and ends it when canceled.</param>
    /// <exception cref="InvalidInputException">The command reports bad input.</exception>
    /// <exception cref="IOException">The command failed.</exception>
    public static JsonElement Run(IReadOnlyList<string> arguments, CommandSession session)
    {
        ProcessStartInfo start = OwnProgram.Start("Proxyless.Cli.dll");
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.StandardOutputEncoding = Utf8Console.Encoding;
        start.StandardErrorEncoding = Utf8Console.Encoding;
        foreach (string argument in arguments.Append("--json"))
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        var complaint = "";
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } text)
            {
                complaint = text;
                if (text.StartsWith(Warning, StringComparison.Ordinal))
                {
                    session.Observer.Warning(text[Warning.Length..]);
                }
                else
                {
                    session.Observer.Message(text);
                }
            }
        };
        process.BeginErrorReadLine();
        using CancellationTokenRegistration stop = session.Cancellation.Register(() =>
            process.Kill(entireProcessTree: true)
        );
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        session.Cancellation.ThrowIfCancellationRequested();
        string words = $"'{string.Join(' ', arguments)}': {complaint}";
        return process.ExitCode switch
        {
            ExitCode.Done => JsonDocument.Parse(output).RootElement.Clone(),
            ExitCode.BadInput => throw new InvalidInputException(words),
            _ => throw new IOException(words),
        };
    }
}
