using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Proxyless.Tests.Cli;

/// <summary>
/// The command in a process of its own, as a shell starts it: for signals, locks and what is left of a process that was
/// killed.
/// </summary>
internal sealed partial class CommandLineProcess : IDisposable
{
    public const int Interrupt = 2;
    public const int Terminate = 15;

    // SIGSTOP and SIGCONT of Linux; macOS has others.
    private const int StopSignal = 19;
    private const int ContinueSignal = 18;

    private readonly Process _process;
    private readonly StringBuilder _error = new();
    private readonly Task<string> _output;

    private CommandLineProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_error)
            {
                _error.AppendLine(line.Data);
                Monitor.PulseAll(_error);
            }
        };
        process.BeginErrorReadLine();
    }

    /// <summary>The program, beside the tests.</summary>
    public static string Program { get; } =
        Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Proxyless.Cli.exe" : "Proxyless.Cli");

    /// <summary>Its number.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has come to an end.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts the command.</summary>
    /// <param name="folder">The working folder.</param>
    /// <param name="arguments">The words after the program's name.</param>
    public static CommandLineProcess Start(string folder, params IEnumerable<string> arguments) =>
        StartProgram(Program, folder, arguments);

    /// <summary>Starts any program.</summary>
    /// <param name="program">The program.</param>
    /// <param name="folder">The working folder.</param>
    /// <param name="arguments">The words after the program's name.</param>
    public static CommandLineProcess StartProgram(
        string program,
        string folder,
        params IEnumerable<string> arguments
    ) =>
        new(
            Process.Start(
                new ProcessStartInfo(program, arguments)
                {
                    WorkingDirectory = folder,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!
        );

    /// <summary>
    /// The same with signals as in the foreground of a shell: what is begun in the background of a script ignores
    /// SIGINT, and so do its children.
    /// </summary>
    /// <param name="folder">The working folder.</param>
    /// <param name="arguments">The words after the program's name.</param>
    public static CommandLineProcess StartInForeground(string folder, params IEnumerable<string> arguments) =>
        new(
            Process.Start(
                new ProcessStartInfo("env", ["--default-signal=INT", Program, .. arguments])
                {
                    WorkingDirectory = folder,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!
        );

    /// <summary>Runs the command to its end.</summary>
    public static CommandLineRun Run(string folder, params IEnumerable<string> arguments)
    {
        using CommandLineProcess process = Start(folder, arguments);
        return process.Wait();
    }

    /// <summary>Waits for its end.</summary>
    public CommandLineRun Wait()
    {
        _process.WaitForExit();
        return new CommandLineRun(_process.ExitCode, _output.Result, Error());
    }

    /// <summary>Waits until it says something on standard error.</summary>
    /// <exception cref="InvalidOperationException">It ends without having said it.</exception>
    public void WaitFor(string text)
    {
        lock (_error)
        {
            while (!_error.ToString().Contains(text, StringComparison.Ordinal))
            {
                if (_process.HasExited)
                {
                    throw new InvalidOperationException(
                        $"ended with {_process.ExitCode} before it said '{text}':\n{_error}"
                    );
                }

                Monitor.Wait(_error, TimeSpan.FromSeconds(0.1));
            }
        }
    }

    /// <summary>Ends it as the kernel does where memory runs out.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Sends a signal.</summary>
    public void Signal(int signal) => Send(signal);

    /// <summary>Lets it stand still until <see cref="Continue"/>.</summary>
    public void Stop() => Send(StopSignal);

    /// <summary>Lets it go on after <see cref="Stop"/>.</summary>
    public void Continue() => Send(ContinueSignal);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }

    /// <summary>What it has said on standard error so far.</summary>
    public string Error()
    {
        lock (_error)
        {
            return _error.ToString();
        }
    }

    private void Send(int signal)
    {
        if (Kill(_process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"signal {signal} could not be sent to {_process.Id}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
