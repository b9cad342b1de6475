using Proxyless.Cli;

namespace Proxyless.Tests.Cli;

/// <summary>A command that was run in this process, and what it said.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record CommandLineRun(int ExitCode, string Output, string Error)
{
    public static CommandLineRun Of(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int exitCode = CommandLine.Run(arguments, output, error);
        return new CommandLineRun(exitCode, output.ToString(), error.ToString());
    }
}
