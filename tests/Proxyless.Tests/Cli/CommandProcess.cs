using System.Diagnostics;
using System.Text;

namespace Proxyless.Tests.Cli;

/// <summary>The program as a user starts it: in a process, a folder and an environment of its own.</summary>
internal static class CommandProcess
{
    /// <summary>Runs a command to its end.</summary>
    /// <param name="folder">Where it is started.</param>
    /// <param name="environment">Variables that differ; null takes one away.</param>
    /// <param name="arguments">The words after the program's name.</param>
    /// <returns>What it said, read as UTF-8.</returns>
    public static CommandLineRun Run(
        string folder,
        IReadOnlyDictionary<string, string?> environment,
        params IReadOnlyList<string> arguments
    ) => RunProgram(Beside("Proxyless.Cli", "Proxyless.Cli"), folder, environment, arguments);

    /// <summary>Runs any program.</summary>
    public static CommandLineRun RunProgram(
        string program,
        string folder,
        IReadOnlyDictionary<string, string?> environment,
        params IReadOnlyList<string> arguments
    )
    {
        var utf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = utf8,
            StandardErrorEncoding = utf8,
        };
        foreach ((string name, string? value) in environment)
        {
            if (value is null)
            {
                start.Environment.Remove(name);
            }
            else
            {
                start.Environment[name] = value;
            }
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return new CommandLineRun(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>A program of another project, beside the tests.</summary>
    internal static string Beside(string project, string program) =>
        Path.GetFullPath(
            Path.Combine(
                AppContext.BaseDirectory,
                "..",
                "..",
                project,
                Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/', '\\')),
                OperatingSystem.IsWindows() ? program + ".exe" : program
            )
        );
}
